import type { WorkerDefinition } from '../model/definition.js';
import type { ExecutionContext } from '../model/execution-context.js';
import type { InjectionToken } from '../model/injection-token.js';

/** The pass that an instance is wanted for: one object per pass, so that hosts can keep what they made for it. */
export interface PassScope {
  /** What `execution()` returns in the handler, between steps. */
  readonly execution: ExecutionContext;
}

/** The code of a worker's method, or what is called in its place. */
export type MethodBody = (this: object, ...args: never[]) => unknown;

/** A method that is about to run, of one instance. */
export interface MethodCall {
  readonly instance: object;
  /** Its name. */
  readonly name: string;
  /** A handler and what belongs to its turns receive the event or what stands for it, if any, and the context; a step its arguments. */
  readonly kind: 'handler' | 'step';
  /** The function as the class has it, with all that decorators wrote on it. */
  readonly method: MethodBody;
  /** What runs: for a handler `method` itself, for a step the code that `@Step` found. */
  readonly body: MethodBody;
}

/** Gives the engine the object whose methods it runs. The engine knows no container; each host has its own resolver. */
export interface InstanceResolver {
  /**
   * May be synchronous: the answer is only awaited when it is a promise. Asked when a pass begins, and again for its
   * hooks and compensations: with the same scope, and the same instance is expected. What it throws fails the attempt.
   */
  resolve(worker: WorkerDefinition, scope: PassScope): object | Promise<object>;
  /** Whether it gave that object as an instance of the worker. Left out: no step is told to be called outside an execution. */
  owns?(worker: WorkerDefinition, receiver: object): boolean;
  /** What the host's container holds under a token, for `app.get`. Left out: the app's own container is asked. */
  get?<Value>(token: InjectionToken<Value>): Value;
  /**
   * What is called in the body's place, with the same receiver and arguments: the body with what the host puts around it, or,
   * where there is nothing, `body` itself. Asked at each attempt, never for a recorded result. Left out: always the body.
   */
  invokerOf?(call: MethodCall): MethodBody;
  /** False as long as the host has not told the app its workers: nothing can be published. Left out: it has. */
  isReady?(): boolean;
}
