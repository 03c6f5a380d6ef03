import { ApplicationConfig, type ContextId, ExternalContextCreator, ModulesContainer } from '@nestjs/core';
import {
  DefinitionError,
  type DefinitionMistake,
  type MethodBody,
  type MethodCall,
  type WorkerClass,
} from '../../lib/entries/index.js';
import { boundEnhancers, enhancerMistakes, methodMistakes } from './bound-enhancers.js';
import { enhance } from './enhance.js';
import { globalsOf, withoutGlobals } from './global-enhancers.js';
import type { Host } from './stand-in.js';

/**
 * Runs Nest's enhancers around handlers and steps, through Nest's own external context: filters outermost, then guards,
 * interceptors, pipes, and the method. What has none is left as it is.
 */
export class Enhancers {
  private readonly creator: ExternalContextCreator;
  /** By instance and decorated method; a method stands for itself when it has no enhancers. */
  private readonly known = new WeakMap<object, Map<MethodBody, MethodBody>>();
  private readonly contexts = new WeakMap<object, ContextId>();

  constructor(
    creator: ExternalContextCreator,
    private readonly config: ApplicationConfig,
    private readonly modules: ModulesContainer,
    /** Whether those of the application run around workers, too: `APP_GUARD`, `useGlobalGuards()` and their kind. */
    private readonly withGlobals: boolean,
  ) {
    this.creator = withGlobals ? creator : withoutGlobals(creator);
  }

  /** What keeps the enhancers of that worker from running. */
  mistakes(type: WorkerClass, instance: object): readonly DefinitionMistake[] {
    return [...enhancerMistakes(this.modules, type, instance)];
  }

  /** The instance was made in that context: its request-scoped enhancers are those of it. */
  keepContext(instance: object, context: ContextId): void {
    this.contexts.set(instance, context);
  }

  /** The body with its enhancers, made once per instance and method; the body itself when it has none. */
  invokerOf(call: MethodCall): MethodBody {
    const { instance, method, body } = call;
    let ofInstance = this.known.get(instance);
    if (ofInstance === undefined) this.known.set(instance, (ofInstance = new Map()));
    const known = ofInstance.get(method);
    if (known !== undefined) return known === method ? body : known;
    const invoker = this.make(call);
    // A body that stands in for another is another one at each call.
    if (call.kind === 'handler' || method !== body)
      ofInstance.set(method, invoker === body ? method : invoker);
    return invoker;
  }

  private make(call: MethodCall): MethodBody {
    const bound = boundEnhancers(call.instance.constructor, call.method);
    const globals = this.withGlobals ? globalsOf(this.config) : null;
    if (!bound.any && globals?.any !== true) return call.body;
    const mistakes = methodMistakes(this.modules, call);
    if (mistakes.length > 0) throw new DefinitionError(mistakes);
    const host: Host = { creator: this.creator, context: this.contexts.get(call.instance) };
    return enhance(host, call, {
      pipes: bound.pipes || globals?.pipes === true,
      filters: bound.filters || globals?.filters === true,
    });
  }
}
