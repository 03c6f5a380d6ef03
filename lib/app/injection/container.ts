import 'reflect-metadata';
import {
  container as globalContainer,
  type DependencyContainer,
  type InjectionToken as TsyringeToken,
} from 'tsyringe';
import type { WorkerClass, WorkerDefinition } from '../../model/definition.js';
import { HoldfastError } from '../../model/errors.js';
import { DefinitionError, type DefinitionMistake } from '../../model/errors-boot.js';
import type { InjectionToken } from '../../model/injection-token.js';
import { messageOf } from '../../model/message-of.js';
import type { InstanceResolver } from '../../ports/instance-resolver.js';
import { disposeAll } from './dispose-all.js';
import { InjectionPlan } from './injection-plan.js';
import { isDelayed, type Parameter } from './constructor-parameters.js';
import type { Constructable, Provider } from './provider.js';
import type { Recipe } from './recipe.js';
import { tokenTitle } from './token-title.js';

export interface ContainerOptions {
  readonly workers?: readonly WorkerClass[];
  /** The framework's own parts; `providers` of the same tokens replace them. */
  readonly parts?: readonly Provider[];
  readonly providers?: readonly Provider[];
  /** A tsyringe container whose registrations this app may use. Default: none, not even the global one. */
  readonly container?: DependencyContainer;
  /** Tokens whose values exist only later: `complete` gives them. What depends on them is built then. */
  readonly late?: readonly InjectionToken[];
}

/**
 * One app's instances. Every token has one value per app, built at boot; no two apps share what a container built. What
 * the `container` of the options has registered stays its own: it is asked, and its life is not ours.
 */
export class AppContainer {
  /** Gives the engine the one instance of each worker. */
  readonly resolver = {
    resolve: (worker: WorkerDefinition) => this.get<object>(worker.type),
  } satisfies InstanceResolver;
  private readonly child: DependencyContainer;
  private readonly plan: InjectionPlan;
  private readonly values = new Map<unknown, unknown>();
  /** What this container constructed, oldest first. */
  private readonly built: object[] = [];
  private disposed: Promise<void> | null = null;

  constructor(options: ContainerOptions) {
    this.child = childContainer(options.container);
    this.plan = new InjectionPlan({
      parts: options.parts ?? [],
      providers: options.providers ?? [],
      late: options.late ?? [],
      isProvidedElsewhere: (token) => this.child.isRegistered(token as TsyringeToken, true),
    });
    this.plan.include([...this.plan.tokens(), ...(options.workers ?? [])]);
  }

  /** Everything wrong with providers and constructors. */
  get mistakes(): readonly DefinitionMistake[] {
    return this.plan.mistakes;
  }

  /** Builds all that depends on no late token. */
  async build(): Promise<void> {
    this.refuseMistakes();
    for (const recipe of this.plan.order) {
      if (this.values.has(recipe.token) || this.plan.isLate(recipe.token)) continue;
      const { value } = await this.made(recipe);
      this.keep(recipe, value);
    }
  }

  /** Gives the late tokens their values and builds what waited for them. */
  async complete(values: readonly (readonly [token: InjectionToken, value: unknown])[]): Promise<void> {
    for (const [token, value] of values) {
      this.plan.settle(token);
      this.keep({ kind: 'value', token, value }, value);
    }
    await this.build();
  }

  /** Takes in workers at run time. Throws `DefinitionError` when they cannot be constructed. */
  add(workers: readonly WorkerClass[]): void {
    this.plan.include(workers);
    this.refuseMistakes();
    for (const worker of workers) this.get(worker);
  }

  has(token: InjectionToken): boolean {
    return this.values.has(token) || this.child.isRegistered(token as TsyringeToken, true);
  }

  /** The token's value; a class that nobody provides is constructed, once. Throws `DefinitionError` for unknown tokens. */
  get<Value = unknown>(token: InjectionToken<Value>): Value {
    if (this.values.has(token)) return this.values.get(token) as Value;
    const recipe = this.plan.find(token) ?? this.planned(token);
    if (recipe === null) return this.child.resolve(token as TsyringeToken<Value>);
    if (recipe.kind === 'late' || recipe.kind === 'factory' || this.plan.isLate(token)) {
      throw new DefinitionError([
        {
          class: tokenTitle(token),
          member: null,
          found: 'it was asked for before it was built',
          write: 'Ask for it once bootstrap has resolved',
        },
      ]);
    }
    return this.keep(recipe, this.make(recipe)) as Value;
  }

  /**
   * Ends what this container constructed itself, newest first, by the first of `Symbol.asyncDispose`, `Symbol.dispose`,
   * `dispose` and `onModuleDestroy` that it has. Values and what factories made belong to their makers. Errors are
   * gathered: every instance gets its turn.
   */
  dispose(): Promise<void> {
    this.disposed ??= disposeAll([...this.built].reverse());
    return this.disposed;
  }

  /** Plans a token that was not known at boot; null: another container has it. */
  private planned(token: InjectionToken): Recipe | null {
    if (this.child.isRegistered(token as TsyringeToken, true)) return null;
    this.plan.include([token]);
    this.refuseMistakes();
    return this.plan.find(token);
  }

  private refuseMistakes(): void {
    const mistakes = this.plan.takeMistakes();
    if (mistakes.length > 0) throw new DefinitionError(mistakes);
  }

  /** Rejects with a `DefinitionError` that names what failed, unless it is an error that says so itself. */
  private async made(recipe: Recipe): Promise<{ readonly value: unknown }> {
    try {
      const value = this.make(recipe);
      // An instance may have a method `then` of its own: it is no promise of another.
      return { value: recipe.kind === 'class' ? value : await value };
    } catch (error) {
      if (error instanceof HoldfastError) throw error;
      const { token } = recipe;
      const needed = this.plan.usersOf(token).map(tokenTitle);
      const mistake = {
        class: tokenTitle(token),
        member: null,
        found: `its ${recipe.kind === 'factory' ? 'factory' : 'constructor'} threw ${errorTitle(error)}`,
        write: `Look at the cause of this error${needed.length === 0 ? '' : `; it is built for ${needed.join(' → ')}`}`,
      };
      throw new DefinitionError([mistake], { cause: error });
    }
  }

  private make(recipe: Recipe): unknown {
    switch (recipe.kind) {
      case 'value':
        return recipe.value;
      case 'factory':
        return recipe.make(...this.arguments(recipe.parameters));
      case 'class':
        return this.construct(recipe.type);
      case 'late':
        throw new TypeError(`${tokenTitle(recipe.token)} has no value yet`);
    }
  }

  private construct(type: Constructable): object {
    const constructable = type as new (...args: unknown[]) => object;
    const instance = new constructable(...this.arguments(this.plan.parametersOf(type)));
    this.built.push(instance);
    return instance;
  }

  private keep(recipe: Recipe, value: unknown): unknown {
    this.values.set(recipe.token, value);
    // So that what a container of the user constructs can take it too.
    this.child.register(recipe.token as TsyringeToken, { useFactory: () => value });
    return value;
  }

  private arguments(parameters: readonly Parameter[]): unknown[] {
    return parameters.map((parameter) => {
      const value = this.argument(parameter);
      if (parameter.transform === null) return value;
      const transformer = this.get(
        parameter.transform.token as InjectionToken<{ transform(...args: unknown[]): unknown }>,
      );
      return transformer.transform(value, ...parameter.transform.args);
    });
  }

  private argument({ token, optional, all }: Parameter): unknown {
    if (isDelayed(token)) return token.createProxy((target) => this.get(target));
    const known = token as InjectionToken;
    if (all && this.child.isRegistered(known as TsyringeToken, true))
      return this.child.resolveAll(known as TsyringeToken);
    if (optional && typeof known !== 'function' && this.plan.find(known) === null && !this.has(known))
      return all ? [] : undefined;
    return all ? [this.get(known)] : this.get(known);
  }
}

/** Plans, checks and builds one app's container. Throws one `DefinitionError` with all mistakes before it builds anything. */
export async function createContainer(options: ContainerOptions): Promise<AppContainer> {
  const container = new AppContainer(options);
  try {
    await container.build();
  } catch (error) {
    await container.dispose().catch(() => undefined);
    throw error;
  }
  return container;
}

function errorTitle(thrown: unknown): string {
  return thrown instanceof Error ? `${thrown.name}: ${messageOf(thrown)}` : messageOf(thrown);
}

/** A child of the user's container, or of a root of its own: the global one holds what other apps registered. */
function childContainer(parent: DependencyContainer | undefined): DependencyContainer {
  const root = parent ?? new (globalContainer.constructor as new () => DependencyContainer)();
  return root.createChildContainer();
}
