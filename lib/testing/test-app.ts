import { refuse, refuseNoOptions } from '../app/options/option-checks.js';
import type { BootstrapOptions } from '../app/options/options.js';
import { checkBootstrapOptions } from '../app/options/settings.js';
import type { ClassOf, MethodName, ResultOf } from '../app/executions/publication.js';
import { provides } from '../app/injection/provides.js';
import { WorkerApp } from '../app/worker-app.js';
import type { Listener } from '../app/telemetry/lifecycle-bus.js';
import { LOGGER, STORE } from '../app/tokens.js';
import { silentLogger } from '../adapters/console/console-logger.js';
import { memoryStore } from '../adapters/memory/memory-store.js';
import type { WorkerClass } from '../model/definition.js';
import { durationForms, parseDuration, type Duration } from '../model/duration.js';
import { ConfigurationError } from '../model/errors-boot.js';
import type { UnionMember } from '../model/event-source.js';
import { impossibleOption } from '../model/impossible-option.js';
import type { LifecycleEvent, LifecycleEventName } from '../model/lifecycle-event.js';
import type { Store } from '../ports/store.js';
import { AppHost } from './app-host.js';
import { HandlerRuns, type RunOptions, type RunResult } from './handler-runs.js';
import { Overrides, type Replacement } from './overrides.js';
import { Settling } from './settle.js';
import { VirtualClock } from './virtual-clock.js';
import { worldOf } from './world.js';

/** Options of `bootstrap`, with a virtual clock, and a memory store and a silent logger unless others are given. */
export interface TestAppOptions<Union extends UnionMember = UnionMember>
  extends Omit<BootstrapOptions<Union>, 'clock'> {
  /** When the test begins: a Date, or epoch ms; 2026-01-01T00:00:00Z by default. */
  readonly now?: Date | number;
  /** Shares time with other apps; apps on one store object share it by themselves. */
  readonly clock?: VirtualClock;
}

/** One attempt of a handler or step that began. */
export interface FiredAttempt {
  /** Epoch ms of the virtual clock. */
  readonly at: number;
  /** The execution's id. */
  readonly execution: string;
  readonly worker: string;
  readonly handler: string;
  /** `kind:worker:id` of the actor or job whose turn it is, or of the key whose batch it is; null: of none. */
  readonly instance: string | null;
  /** Names of the step and those around it; null: the handler itself, which begins anew on each resume. */
  readonly step: string | null;
  /** 1-based. */
  readonly attempt: number;
}

/** What a handler takes first, as plain data. */
export type HandlerData<Instance, Method extends keyof Instance> = Instance[Method] extends (
  data: infer Data,
  ...rest: never[]
) => unknown
  ? Data extends object
    ? {
        [Field in keyof Data as Data[Field] extends (...args: never[]) => unknown
          ? never
          : Field]: Data[Field];
      }
    : Data
  : unknown;

/** A test asks for what ended before time moved on; `retention` counts virtual time, and bounds it as in production. */
const ALL = Number.MAX_SAFE_INTEGER;
const DAY_MS = 86_400_000;
/** Real time that bodies get to end when the app is closed. */
const CLOSE_PATIENCE_MS = 5_000;
/** What the end of a drain may take beyond its timeout. */
const GRACE_MS = 2_000;

const clocks = new WeakMap<Store, VirtualClock>();

/**
 * The production engine as one process of a test: time stands still until `advance`, and the process can be killed.
 *
 * @example
 * const app = await TestApp.create({ workers: [OrderWorker], providers: [{ provide: Payments, useValue: payments }] });
 * const published = await app.publish(OrderPlaced, order);
 * await app.advance('2 days');
 * await published.of(OrderWorker, 'fulfil').result();
 * await app.close();
 */
export class TestApp<Union extends UnionMember = never> extends WorkerApp<Union> {
  /** The virtual clock; providers get it as `CLOCK`. */
  readonly clock: VirtualClock;
  private readonly attempts: FiredAttempt[] = [];
  private readonly overrides: Overrides;
  private readonly settling: Settling;
  /** Beside those of the options. */
  private readonly registered = new Set<WorkerClass>();
  private readonly listeners = new Set<{ subscribe(): () => void; remove: () => void }>();
  private moving: Promise<void> = Promise.resolve();
  private closing: Promise<void> | null = null;

  private constructor(
    private readonly host: AppHost,
    private readonly runs: HandlerRuns,
  ) {
    super(host.parts);
    this.clock = host.world.clock;
    this.overrides = new Overrides(host.parts);
    this.settling = new Settling(host.world);
  }

  /** Makes an app and starts it. Throws as `bootstrap` does. */
  static async create<Union extends UnionMember = never>(
    options: TestAppOptions<Union> = {},
  ): Promise<TestApp<Union>> {
    refuseNoOptions('TestApp.create()', options);
    refuse(checkBootstrapOptions(options, { own: ['now'] }));
    const { now, clock: given, ...rest } = options as TestAppOptions;
    const store = rest.store ?? (provides(rest.providers, STORE) ? null : memoryStore({ keep: ALL }));
    const clock = given ?? (store === null ? null : clocks.get(store)) ?? new VirtualClock(now);
    if (store !== null) clocks.set(store, clock);
    const bootstrapOptions: BootstrapOptions = {
      ...rest,
      ...(store === null ? null : { store }),
      ...(provides(rest.providers, LOGGER) ? null : { logger: rest.logger ?? silentLogger }),
      clock,
    };
    const host: AppHost = new AppHost(bootstrapOptions, worldOf(clock), () => runs.interceptors());
    const runs = new HandlerRuns(host.parts);
    const app = new TestApp<Union>(host, runs);
    try {
      await app.begin(() => host.boot(app as unknown as WorkerApp));
    } catch (error) {
      host.end();
      throw error;
    }
    return app;
  }

  /**
   * Moves time, one timer at a time; before the next one, every body that runs ends or waits for virtual time. Rejects
   * with `SettleTimeoutError` for a body that waits for real I/O for 5 s, with `ConfigurationError` for what is no duration.
   */
  async advance(duration: Duration): Promise<void> {
    const ms = parseDuration(duration);
    if (ms === null)
      throw new ConfigurationError([
        impossibleOption('advance()', duration, `Write ${durationForms(duration)}`),
      ]);
    return this.queue(() => this.move(Math.ceil(ms)));
  }

  /** Does everything that is due, without moving time. Rejects as `advance` does. */
  settle(): Promise<void> {
    return this.queue(() => this.settling.settle());
  }

  /**
   * Replaces the body of a step or handler, for attempts that begin later; policies and journal stay. Returns the undo.
   * Throws `ConfigurationError` for what is neither.
   *
   * @example
   * app.override(OrderWorker, 'charge', () => { throw new CardDeclined(); });
   */
  override<Instance extends object, Method extends MethodName<Instance>>(
    worker: ClassOf<Instance>,
    method: Method,
    body: Replacement<Instance, Method>,
  ): () => void {
    return this.overrides.add(worker, method, body);
  }

  /**
   * Runs one handler on data, whoever else takes the event, with results given for steps, and stops before `until`.
   * Resolves when the handler ended, stopped, or waits for time. Rejects with `ConfigurationError` for an unknown
   * option, for what is no handler, and for a name that turned out to be no step.
   *
   * @example
   * const run = await app.run(OrderWorker, 'fulfil', order, { given: { charge: receipt }, until: 'confirm' });
   */
  run<Instance extends object, Method extends MethodName<Instance>>(
    worker: ClassOf<Instance>,
    method: Method,
    data: HandlerData<Instance, Method>,
    options: RunOptions = {},
  ): Promise<RunResult<ResultOf<Instance, Method>>> {
    return this.runs.run(worker as WorkerClass, method, data, options, () => this.settle());
  }

  /**
   * Kills the process: its memory is gone, nothing more of it is written, its leases are over. What its bodies are
   * doing outside the engine cannot be stopped. Overrides and listeners belong to the test and stay.
   */
  crash(): Promise<void> {
    return this.host.crash();
  }

  /** Begins anew after `crash()`: same store, same clock, new instances. */
  async restart(): Promise<void> {
    if (this.host.process.condition !== 'dead') await this.host.crash();
    await this.begin(() => this.host.restart(this as unknown as WorkerApp));
  }

  /** Freezes the process: it gets nothing and writes nothing, and its lease runs out. With a worker: holds that worker. */
  override async pause(worker?: ClassOf<object>): Promise<void> {
    await (worker === undefined ? this.host.pause() : super.pause(worker));
  }

  /** Ends `pause`. A process whose lease ran out meanwhile cannot commit what it was doing. */
  override async resume(worker?: ClassOf<object>): Promise<void> {
    await (worker === undefined ? this.host.resume() : super.resume(worker));
  }

  /** What ran, and when: attempts of handlers and steps in the order in which they began. */
  fired(): readonly FiredAttempt[] {
    return [...this.attempts];
  }

  /** Kept over `restart`, as workers of the options are. */
  override async register(...workers: readonly WorkerClass[]): Promise<void> {
    await super.register(...workers);
    for (const worker of workers) this.registered.add(worker);
  }

  override async unregister(...workers: readonly WorkerClass[]): Promise<void> {
    await super.unregister(...workers);
    for (const worker of workers) this.registered.delete(worker);
  }

  /** Kept over `restart`. */
  override on<Name extends LifecycleEventName | '*'>(name: Name, listener: Listener<Name>): () => void {
    const subscribe = (): (() => void) => super.on(name, listener);
    const kept = { subscribe, remove: subscribe() };
    this.listeners.add(kept);
    return () => {
      this.listeners.delete(kept);
      kept.remove();
    };
  }

  /**
   * As in production. Where the test does not let virtual time pass meanwhile, bodies that do not end get 5 s of real time,
   * and then the drain timeout passes at once.
   */
  override async stop(): Promise<void> {
    let isStopped = false;
    const stopped = super.stop().finally(() => {
      isStopped = true;
    });
    // oxlint-disable-next-line no-restricted-globals -- one that holds no event loop, so that nobody takes it for work of a body
    const patience = setTimeout(() => void this.passDrain(() => isStopped), CLOSE_PATIENCE_MS).unref();
    await stopped.finally(() => clearTimeout(patience));
  }

  private async passDrain(isOver: () => boolean): Promise<void> {
    const until = this.clock.now() + (parseDuration(this.options.drainTimeout ?? '25s') ?? 0) + GRACE_MS;
    while (!isOver() && this.clock.fireNext(until))
      await new Promise<void>((resolve) => this.clock.soon(resolve));
  }

  /** Ends the app and all it holds. Bodies get 5 s of real time to end; those that wait for virtual time are dropped. */
  override close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private async end(): Promise<void> {
    const { process, parts } = this.host;
    if (process.condition === 'paused') await this.host.crash();
    let isClosed = false;
    const closed = super.close().finally(() => {
      isClosed = true;
    });
    await this.settling.settle(CLOSE_PATIENCE_MS).catch(() => undefined);
    if (!isClosed) {
      parts.runtime.kill();
      parts.forget();
    }
    await closed;
    await this.host.bury();
  }

  private async begin(boot: () => Promise<void>): Promise<void> {
    await boot();
    if (this.registered.size > 0) await super.register(...this.registered);
    for (const kept of this.listeners) kept.remove = kept.subscribe();
    for (const name of ['execution.started', 'step.started'] as const)
      super.on(name, (event) => this.record(event));
    for (const name of ['completed', 'failed', 'parked', 'cancelled', 'skipped'] as const)
      super.on(`execution.${name}`, () => this.settling.pollGhosts());
    this.overrides.apply();
  }

  private record(
    event: Extract<LifecycleEvent, { readonly name: 'execution.started' | 'step.started' }>,
  ): void {
    const { at, executionId: execution, worker, handler, attempt } = event;
    const step = event.name === 'step.started' ? event.step : null;
    const instance = event.instanceId ?? null;
    this.attempts.push({ at, execution, worker, handler, instance, step, attempt });
  }

  private queue(task: () => Promise<void>): Promise<void> {
    const done = this.moving.then(task);
    this.moving = done.catch(() => undefined);
    return done;
  }

  private async move(ms: number): Promise<void> {
    const until = this.clock.now() + ms;
    this.host.world.until = until;
    await this.settling.settle();
    while (this.clock.fireNext(until)) {
      await this.settling.settle();
      await this.declareDaily();
    }
    this.clock.moveTo(until);
    await this.settling.settle();
  }

  /** Leases that never end need no renewal, but what a process declares has to be renewed. */
  private async declareDaily(): Promise<void> {
    const { world } = this.host;
    if (this.clock.now() - world.declaredAt < DAY_MS) return;
    world.declaredAt = this.clock.now();
    for (const { condition, runtime } of world.processes)
      if (condition === 'running' && runtime !== null && !runtime.isClosed) await runtime.declare();
  }
}
