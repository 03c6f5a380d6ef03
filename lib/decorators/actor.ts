import type { ActorRole, AnyClass, WorkerOptions } from '../metadata/class-metadata.js';
import type { ActorContext } from '../model/actor-context.js';
import type { StateSource } from '../model/state-source.js';
import type { ContextSecond } from './context-second.js';
import type { TakesContext } from './context-target.js';
import { recordClass, recordTwice, recordWorkerToo } from './record-class.js';
import { methodDecorator, type MethodDecoratorName } from './method-decorator.js';
import { recordOptions } from './record-options.js';
import { Worker } from './worker.js';

/** Of `@Actor`: those of `@Worker`, and what makes it an actor. */
export interface ActorOptions<State = unknown> extends WorkerOptions {
  /** A class (checked where it has class-validator decorators) or a Standard Schema, which must take what it gives. */
  readonly state: StateSource<State>;
  /**
   * Which field of its events is the id of the actor that they are for, by its path. May be left out when each `@OnEvent` has a
   * `key` of its own.
   */
  readonly key?: string;
}

/** Stands on a class whose methods take contexts of that state. */
export type ActorDecorator<State> = <Class extends AnyClass>(
  target: [OtherStates<InstanceType<Class>, State>] extends [never]
    ? Class
    : `the ActorContext of '${OtherStates<InstanceType<Class>, State>}' has another state than @Actor`,
) => void;

/** Names of methods that take an `ActorContext` of another state. */
type OtherStates<Instance, State> = {
  [Name in keyof Instance]: Instance[Name] extends (...args: infer Args) => unknown
    ? IsState<StateOf<Args[number]>, State> extends true
      ? never
      : Name
    : never;
}[keyof Instance] &
  string;

type StateOf<Taken> = Taken extends ActorContext<infer State> ? State : never;

type IsState<Taken, State> = [Taken] extends [never]
  ? true
  : unknown extends Taken
    ? true
    : [State] extends [Taken]
      ? true
      : [Taken] extends [State]
        ? true
        : false;

/** Stands on a method of an actor that takes its context. */
export type ActorMethodDecorator = <Method extends (context: never) => unknown>(
  target: TakesContext<Parameters<Method>, 0>,
  method: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;

/** Stands on a method of an actor that takes the error, with the actor's context second. */
export type ErrorMethodDecorator = <Method extends (error: never, context: never) => unknown>(
  target: ContextSecond<Parameters<Method>, TakesContext<Parameters<Method>, 1>>,
  method: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;

const OPTIONS = [
  'state',
  'key',
  'id',
  'inject',
  'description',
  'logLevel',
] as const satisfies (keyof ActorOptions)[];

/**
 * Makes a class a worker whose `@OnEvent` methods handle messages: one at a time of each id, across all processes, with a
 * state that is stored with the end of each. Different ids run side by side.
 *
 * @example
 * @Actor({ state: OrderState, key: 'orderId' })
 * class OrderProcess {
 *   @OnEvent(OrderPlaced)
 *   placed(order: OrderPlaced, ctx: ActorContext<OrderState>) {
 *     ctx.setState({ status: 'placed', total: order.total });
 *     ctx.schedule('2 days');
 *   }
 *
 *   @OnAlarm()
 *   async overdue(ctx: ActorContext<OrderState>) { await ctx.terminate({ reason: 'not paid' }); }
 * }
 */
export function Actor<State>(options: ActorOptions<State>): ActorDecorator<State> {
  return ((target: AnyClass, context?: unknown) => {
    const record = recordClass('Actor', target, context);
    if (record.actor !== null) recordTwice(record, target, null, 'Actor');
    else if (record.worker !== null) recordWorkerToo(record, target);
    const place = { decorator: 'Actor', record, type: target, member: null };
    const { state, key, ...worker } = (
      recordOptions(place, options, OPTIONS, ['state']) ? options : {}
    ) as ActorOptions<State>;
    const known = Object.fromEntries(
      Object.entries(worker).filter(([name]) => (OPTIONS as readonly string[]).includes(name)),
    );
    record.actor = { state, key };
    // What is wrong with two of them is noted.
    record.worker = null;
    Worker(known)(target);
  }) as ActorDecorator<State>;
}

/**
 * The method that runs at the instant that `ctx.schedule` named, as a turn of its own: it takes steps, retries and policies as
 * a handler does. What was scheduled is cleared when it begins.
 */
export function OnAlarm(): ActorMethodDecorator {
  return roleOf('OnAlarm', 'alarm', arguments) as ActorMethodDecorator;
}

/** The method that runs in the same turn, after a message or an alarm that leaves nothing scheduled. */
export function OnIdle(): ActorMethodDecorator {
  return roleOf('OnIdle', 'idle', arguments) as ActorMethodDecorator;
}

/**
 * The method that takes a message or an alarm that failed for good, in the same turn: what the failed method changed is gone,
 * what this one changes is stored, and the message counts as handled. If it throws, the message is parked with that error.
 */
export function OnError(): ErrorMethodDecorator {
  return roleOf('OnError', 'error', arguments) as ErrorMethodDecorator;
}

function roleOf(decorator: MethodDecoratorName, role: ActorRole, written: ArrayLike<unknown>) {
  return methodDecorator(decorator, written, ({ method, record, type, name }) => {
    if (method.actorRole === role) recordTwice(record, type, name, decorator);
    else if (method.actorRole !== null)
      record.mistakes.push({
        class: type.name,
        member: name,
        found: `it has @${decorator} and another of @OnAlarm, @OnIdle and @OnError`,
        write: 'Write a method for each',
      });
    method.actorRole = role;
  });
}
