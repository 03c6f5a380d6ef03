import type { Subscription } from '../metadata/class-metadata.js';
import type { DebounceContext, ReduceInfo } from '../model/debounce-context.js';
import type { Duration } from '../model/duration.js';
import type { EventData, EventSource } from '../model/event-source.js';
import type { HasField } from './has-field.js';
import type { HandledData } from './on-event.js';
import { recordTwice } from './record-class.js';
import { methodDecorator } from './method-decorator.js';

/** Of `@Debounce`. */
export interface DebounceOptions<Data = unknown, Key extends string = string> {
  /**
   * What comes together in one batch: the path of a field (`'contactId'`, `'contact.id'`), or a function of the event. Text,
   * a number or a boolean; an event without it is an `InvalidEventError`. Publishers that do not load the class can read a
   * path only: with a function, the first worker that runs reads it.
   */
  readonly key: Key | ((event: Data) => unknown);
  /** When a batch begins: so long after its first event; with `mode: 'trailing'` after its newest. */
  readonly flushAfter: Duration;
  /** A batch with so many events begins at once. Default, and most: `limits.bufferedEvents` (10,000). */
  readonly maxEvents?: number;
  /** `'window'` (default): the first event sets the time. `'trailing'`: each event puts it off anew. */
  readonly mode?: 'window' | 'trailing';
  /** With `mode: 'trailing'`: no batch waits longer than this after its first event. Default: no bound. */
  readonly maxWait?: Duration;
  /** `'all'` (default): the method gets every event, in order. `'latest'`: the newest alone. */
  readonly collect?: 'all' | 'latest';
  /**
   * The name of a method that folds the events: `(state | undefined, event, info) => state`. The handler gets what it makes
   * of them. It runs when the batch does, again on each attempt: it changes nothing but what it returns.
   */
  readonly reduce?: string;
  /** Kept in the worker's step graph. */
  readonly description?: string;
}

/** Stands on a method that can take what is collected, with the batch's context second. `Target` says whether the key can be read. */
export type DebounceDecorator<Received, Target = object> = <
  Method extends (received: Received, context: DebounceContext) => unknown,
>(
  target: Target,
  method: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;

/** What a class must be to have the key: any, or a sentence that says why it cannot be read. */
export type KeyTarget<Data, Key extends string> =
  HasField<Data, Key> extends true ? object : `there is no field '${Key}' in every event that is collected`;

/**
 * Stands on a method that can take what the reducer of that name returns; the class has the reducer as a public method. A name that the
 * compiler does not know is looked up at boot.
 */
export type ReducedDecorator<Data, Name extends string, Keyed = object> = string extends Name
  ? MethodDecorator
  : <
      Target extends Keyed & {
        readonly [Reducer in Name]: (state: undefined, event: Data, info: ReduceInfo) => unknown;
      },
      Method extends (state: Awaited<ReturnType<Target[Name]>>, context: DebounceContext) => unknown,
    >(
      target: Target,
      method: string | symbol,
      descriptor: TypedPropertyDescriptor<Method>,
    ) => void;

type Source = EventSource | string;

/**
 * Makes a method the handler of what comes together: events of one key are collected, and start one execution when their
 * time is over. Each accepted event is in exactly one batch; batches of one key run one after another. Steps and policies
 * are as for any handler; a batch whose attempts are spent is parked, with its events, and the next one goes on.
 *
 * @example
 * @Debounce(ContactChanged, { key: 'contactId', flushAfter: '5s', maxEvents: 100 })
 * async sync(changes: ContactChanged[], context: DebounceContext) { … }
 *
 * @example
 * @Debounce(ContactChanged, { key: 'contactId', flushAfter: '5s', reduce: 'merge' })
 * async save(contact: Contact) { … }
 *
 * merge(contact: Contact | undefined, change: ContactChanged): Contact { … }
 */
export function Debounce<S extends Source, Name extends string, const Key extends string = string>(
  events: S | readonly S[],
  options: DebounceOptions<EventData<S>, Key> & { readonly reduce: Name; readonly collect?: never },
): ReducedDecorator<HandledData<S>, Name, KeyTarget<EventData<S>, Key>>;
export function Debounce<S extends Source, const Key extends string = string>(
  events: S | readonly S[],
  options: DebounceOptions<EventData<S>, Key> & { readonly collect: 'latest'; readonly reduce?: never },
): DebounceDecorator<HandledData<S>, KeyTarget<EventData<S>, Key>>;
export function Debounce<S extends Source, const Key extends string = string>(
  events: S | readonly S[],
  options: DebounceOptions<EventData<S>, Key> & { readonly collect?: 'all'; readonly reduce?: never },
): DebounceDecorator<HandledData<S>[], KeyTarget<EventData<S>, Key>>;
export function Debounce(events: unknown, options: unknown): DebounceDecorator<never> {
  return methodDecorator('Debounce', arguments, ({ method, record, type, name }) => {
    if (method.debounce != null) recordTwice(record, type, name, 'Debounce');
    const description: unknown =
      typeof options === 'object' && options !== null && 'description' in options
        ? options.description
        : null;
    const subscription: Subscription = {
      sources: Array.isArray(events) ? [...(events as readonly unknown[])] : [events],
      guard: null,
      when: null,
      description: typeof description === 'string' ? description : null,
      priority: null,
      key: undefined,
    };
    method.subscriptions.unshift(subscription);
    method.debounce = { options };
  });
}
