import { type ContextId, ContextIdFactory, type ModuleRef } from '@nestjs/core';
import type { ExecutionContext, PassScope, WorkerClass } from '../lib/entries/index.js';
import { refOf, type Wrapper } from './wrapper.js';

/** What the context of a request gets from a strategy for durable providers. */
type Context = ContextId & { readonly payload?: unknown };

/**
 * Instances of workers that are request-scoped or transient, or need something that is: one for each pass. Its execution
 * is what Nest injects as `REQUEST`; what is durable is shared as its strategy says.
 */
export class ScopedInstances {
  private readonly passes = new WeakMap<PassScope, Map<WorkerClass, Promise<object>>>();
  private readonly contexts = {
    durable: new WeakMap<PassScope, Context>(),
    own: new WeakMap<PassScope, Context>(),
  };
  private readonly made = new WeakSet<object>();

  /** `keep` is told what each instance was made in, for others that belong to the same pass. */
  constructor(private readonly keep: (instance: object, context: ContextId) => void) {}

  /** The worker's instance in that pass. Hooks ask again: they wait for nothing, and what failed is not made again. */
  of(type: WorkerClass, wrapper: Wrapper, scope: PassScope): Promise<object> {
    const instances = this.passes.get(scope) ?? new Map<WorkerClass, Promise<object>>();
    this.passes.set(scope, instances);
    const instance = instances.get(type) ?? this.make(wrapper, scope);
    instances.set(type, instance);
    return instance;
  }

  /** Whether it was made here. */
  has(instance: object): boolean {
    return this.made.has(instance);
  }

  private async make(wrapper: Wrapper, scope: PassScope): Promise<object> {
    const { host, token } = wrapper;
    if (host === undefined) throw new TypeError(`${String(wrapper.name)} is in no module`);
    const ref = refOf(host);
    const context = this.contextOf(wrapper, ref, scope);
    const instance = await ref.resolve<object>(token as string, context, { strict: true });
    this.made.add(instance);
    this.keep(instance, context);
    return instance;
  }

  /** What is durable has another request than the rest of its pass, hence a context of its own. */
  private contextOf(wrapper: Wrapper, ref: ModuleRef, scope: PassScope): Context {
    const contexts = wrapper.isDependencyTreeDurable() ? this.contexts.durable : this.contexts.own;
    const known = contexts.get(scope);
    if (known !== undefined) return known;
    const context = ContextIdFactory.getByRequest(scope.execution);
    contexts.set(scope, context);
    register(ref, scope.execution, context, wrapper);
    return context;
  }
}

/** As Nest does for requests: a durable tree sees what its strategy attached, any other the execution with that added. */
function register(ref: ModuleRef, execution: ExecutionContext, context: Context, wrapper: Wrapper): void {
  const { payload } = context;
  if (wrapper.isDependencyTreeDurable()) ref.registerRequestByContextId(payload, context);
  else if (payload === undefined) ref.registerRequestByContextId(execution, context);
  else ref.registerRequestByContextId(Object.assign(Object.create(execution) as object, payload), context);
}
