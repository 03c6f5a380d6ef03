import type { EventPredicate, Subscription } from '../metadata/class-metadata.js';
import type { EventData, EventSource } from '../model/event-source.js';
import type { TakesContext } from './context-target.js';
import { methodDecorator } from './method-decorator.js';
import { recordOptions } from './record-options.js';

/** Of `@OnEvent`. */
export interface OnEventOptions<Data = unknown> {
  /** Takes only the events it is true for; for the others the execution ends as `skipped`. */
  readonly when?: (event: Data) => boolean | Promise<boolean>;
  /** Kept in the worker's step graph. */
  readonly description?: string;
  /** Of its executions where the publisher names none: a whole number, −100 to 100, higher first. Default 0. */
  readonly priority?: number;
  /**
   * Of an actor: where this event has the key, instead of where `@Actor` says: the path of a field, or a function. Publishers
   * that do not load the class can read a path only.
   */
  readonly key?: string | ((event: Data) => unknown);
}

/** Stands on a method that can take the event, with the execution's context second: in an actor, an `ActorContext`. */
export type HandlerDecorator<Data> = <Method extends (event: Data, context: never) => unknown>(
  target: TakesContext<Parameters<Method>, 1>,
  method: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;

/** What the method must be able to take. A bare name promises nothing, so the method says what it expects. */
export type HandledData<Source> = Source extends string ? never : EventData<Source>;

type Source = EventSource | string;

/**
 * Makes a method the handler of an event, of several, or of a name. One event starts one execution per handler.
 *
 * @example
 * @OnEvent(OrderPlaced)
 * async fulfil(order: OrderPlaced) { … }
 *
 * @example
 * @OnEvent([OrderPlaced, OrderChanged], { when: (order) => order.total > 100 })
 * async review(order: OrderPlaced | OrderChanged, context: ExecutionContext) { … }
 */
export function OnEvent<S extends Source, Narrowed extends EventData<S>>(
  events: S | readonly S[],
  guard: (event: EventData<S>) => event is Narrowed,
  options?: OnEventOptions<Narrowed>,
): HandlerDecorator<Narrowed>;
export function OnEvent<S extends Source>(
  events: S | readonly S[],
  predicate: (event: EventData<S>) => boolean | Promise<boolean>,
  options?: OnEventOptions<EventData<S>>,
): HandlerDecorator<HandledData<S>>;
export function OnEvent<S extends Source>(
  events: S | readonly S[],
  options?: OnEventOptions<EventData<S>>,
): HandlerDecorator<HandledData<S>>;
export function OnEvent(
  events: unknown,
  guardOrOptions?: EventPredicate | OnEventOptions<never>,
  options?: OnEventOptions<never>,
): HandlerDecorator<never> {
  return subscribe(arguments, Array.isArray(events) ? events : [events], guardOrOptions, options);
}

const OPTION_NAMES = ['when', 'description', 'priority', 'key'] as const satisfies (keyof OnEventOptions)[];

/** Records one subscription of the decorated method; `written` is what the factory was called with. */
export function subscribe(
  written: ArrayLike<unknown>,
  sources: readonly unknown[],
  guardOrOptions: EventPredicate | OnEventOptions<never> | undefined,
  options: OnEventOptions<never> | undefined,
): HandlerDecorator<never> {
  const guard = typeof guardOrOptions === 'function' ? guardOrOptions : null;
  const rest: unknown = (guard === null ? guardOrOptions : options) ?? {};
  return methodDecorator('OnEvent', written, (found) => {
    const place = { decorator: 'OnEvent', record: found.record, type: found.type, member: found.name };
    const { when, description, priority, key } = (
      recordOptions(place, rest, OPTION_NAMES) ? rest : {}
    ) as OnEventOptions<never>;
    const subscription: Subscription = {
      sources: [...sources],
      guard,
      when: when ?? null,
      description: description ?? null,
      priority: priority ?? null,
      key,
    };
    // Decorators run from the lowest up: the first in the source comes last.
    found.method.subscriptions.unshift(subscription);
  }) as HandlerDecorator<never>;
}
