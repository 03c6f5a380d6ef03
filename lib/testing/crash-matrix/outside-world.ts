import { constructorParameters } from '../../app/injection/constructor-parameters.js';
import type { Constructable, Provider } from '../../app/injection/provider.js';
import { tokenTitle } from '../../app/injection/token-title.js';
import { CLOCK, DISPATCHER, LOGGER, METRICS, STORE, WORKER_APP } from '../../app/tokens.js';
import { MistakeLog } from '../../compiler/mistake-log.js';
import { findOwnMetadata } from '../../metadata/metadata-store.js';
import type { WorkerClass } from '../../model/definition.js';
import type { InjectionToken } from '../../model/injection-token.js';
import { WorkerApp } from '../../app/worker-app.js';
import type { Recorder } from './recorder.js';

const FRAMEWORK = new Set<unknown>([CLOCK, DISPATCHER, LOGGER, METRICS, STORE, WORKER_APP, WorkerApp]);

/** What one run's processes have around them. What the test provides outlives them; what the container builds does not. */
export class OutsideWorld {
  /** Values of the test's classes and factories, made by the first process that asked. */
  private readonly made = new Map<unknown, unknown>();

  constructor(
    private readonly providers: readonly Provider[],
    private readonly workers: readonly WorkerClass[],
    /** Whether another container of the test has that token. */
    private readonly isRegistered: (token: unknown) => boolean,
    private readonly recorder: Recorder,
  ) {}

  /** The providers of one process. */
  providersOfProcess(): readonly Provider[] {
    return [
      ...this.providers.flatMap((provider) => this.provided(provider)),
      ...[...this.built()].flatMap((type) => this.guessed(type)),
    ];
  }

  private provided(provider: Provider): readonly Provider[] {
    if (typeof provider === 'function') return this.guessed(provider);
    // Anything malformed is the container's to refuse.
    if (typeof provider !== 'object' || provider === null || FRAMEWORK.has(provider.provide))
      return [provider];
    const { provide } = provider;
    const keep = (value: unknown): unknown => {
      if (!this.made.has(provide)) this.made.set(provide, value);
      return this.recorder.wrap(this.made.get(provide), { title: titleOf(provide), isGuessed: false });
    };
    if ('useValue' in provider) return [{ provide, useValue: keep(provider.useValue) }];
    if (this.made.has(provide)) return [{ provide, useValue: keep(null) }];
    if ('useClass' in provider && typeof provider.useClass !== 'function') return [provider];
    if ('useClass' in provider) return wrapped(provide, provider.useClass, keep);
    if (typeof provider.useFactory !== 'function') return [provider];
    const make = provider.useFactory as (...dependencies: readonly unknown[]) => unknown;
    const useFactory = async (...dependencies: readonly unknown[]): Promise<unknown> =>
      keep(await make(...dependencies));
    return [{ ...provider, useFactory }];
  }

  private guessed(type: Constructable): readonly Provider[] {
    return wrapped(type, type, (made) => this.recorder.wrap(made, { title: titleOf(type), isGuessed: true }));
  }

  /** Classes that the container builds by itself, for workers and for what is built for them. */
  private built(): ReadonlySet<Constructable> {
    const provided = new Set<unknown>(
      this.providers.map((provider) => (typeof provider === 'object' ? provider?.provide : provider)),
    );
    const found = new Set<Constructable>();
    const follow = (type: unknown): void => {
      if (typeof type !== 'function') return;
      const owner = type as Constructable;
      for (const { token, all } of constructorParameters(owner, new MistakeLog().of(owner))) {
        const known =
          all || typeof token !== 'function' || provided.has(token) || found.has(token as Constructable);
        if (known || this.isOurs(token as WorkerClass)) continue;
        found.add(token as Constructable);
        follow(token);
      }
    };
    for (const worker of this.workers) follow(worker);
    for (const provider of this.providers)
      follow(
        typeof provider === 'object' && provider !== null && 'useClass' in provider
          ? provider.useClass
          : provider,
      );
    return found;
  }

  private isOurs(token: WorkerClass): boolean {
    return FRAMEWORK.has(token) || findOwnMetadata(token)?.worker != null || this.isRegistered(token);
  }
}

/** The class under a name of its own, and the token as what `keep` makes of it. */
function wrapped(
  provide: InjectionToken,
  useClass: Constructable,
  keep: (made: unknown) => unknown,
): readonly Provider[] {
  const own = Symbol(titleOf(provide));
  return [
    { provide: own, useClass },
    { provide, useFactory: (made: unknown) => keep(made), inject: [own] },
  ];
}

/** A token as reports name it: `Payments`, `PAYMENTS`. */
function titleOf(token: unknown): string {
  if (typeof token === 'symbol') return token.description ?? 'a symbol';
  return typeof token === 'string' ? token : tokenTitle(token);
}
