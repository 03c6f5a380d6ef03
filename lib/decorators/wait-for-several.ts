import type { Duration } from '../model/duration.js';
import { NonRetryableError } from '../model/errors-step.js';
import type { EventData } from '../model/event-source.js';
import {
  type AwaitableEvent,
  awaitedOf,
  optionsOf,
  shown,
  timeoutOf,
  wait,
  type WaitForOptions,
  type WaitName,
} from './wait-for.js';

/** An event with a key of its own, for `waitForAny` and `waitForAll`. */
export type KeyedEvent<Source extends AwaitableEvent = AwaitableEvent> = readonly [
  event: Source,
  key: WaitForOptions['key'],
];

/** Of `waitForAny` and `waitForAll`, where each event has a key of its own. */
export interface WaitOptionsWithoutKey {
  /** After how long `null` comes instead. Default: it waits for ever. */
  readonly timeout?: Duration | undefined;
}

/** What an event, or an event with its key, gives. */
export type AwaitedData<Each> =
  Each extends KeyedEvent<infer Source>
    ? EventData<Source>
    : Each extends AwaitableEvent
      ? EventData<Each>
      : never;

/** What a list of events gives, in its order. */
export type AwaitedList<List extends readonly unknown[]> = {
  -readonly [At in keyof List]: AwaitedData<List[At]>;
};

/** Without a time to be over, there is no `null`. */
type Endless = { readonly timeout?: undefined };

/**
 * Waits durably for the first of several events: gives it as handlers receive it, or `null` when none came in time. The one
 * that was accepted first wins; the others are there for later waits. What `waitFor` says of keys and times holds here.
 *
 * Rejects as `waitFor` does, and with `NonRetryableError` for an empty list.
 *
 * @example
 * const answer = await waitForAny([OrderApproved, OrderRejected], { key: order.orderId, timeout: '2 days' });
 * if (answer instanceof OrderRejected) …
 *
 * @example
 * const first = await waitForAny([[OrderApproved, order.orderId], [UserBlocked, order.userId]]);
 */
export function waitForAny<const List extends readonly [AwaitableEvent, ...AwaitableEvent[]]>(
  events: List,
  options: WaitForOptions & Endless,
): Promise<AwaitedData<List[number]>>;
export function waitForAny<const List extends readonly [AwaitableEvent, ...AwaitableEvent[]]>(
  events: List,
  options: WaitForOptions,
): Promise<AwaitedData<List[number]> | null>;
export function waitForAny<const List extends readonly [KeyedEvent, ...KeyedEvent[]]>(
  events: List,
  options?: WaitOptionsWithoutKey & Endless,
): Promise<AwaitedData<List[number]>>;
export function waitForAny<const List extends readonly [KeyedEvent, ...KeyedEvent[]]>(
  events: List,
  options: WaitOptionsWithoutKey,
): Promise<AwaitedData<List[number]> | null>;
export function waitForAny(events: readonly unknown[], options?: unknown): Promise<unknown> {
  return waitForSeveral('waitForAny', events, options);
}

/**
 * Waits durably until all of several events have come: gives them in the order of the list, or `null` when one did not come
 * in time; those that did are there for later waits then. The same event twice is two events.
 *
 * Rejects as `waitForAny` does.
 *
 * @example
 * const both = await waitForAll([Paid, Packed], { key: order.orderId, timeout: '3 days' });
 * if (both !== null) await this.ship(order, both[0].receipt);
 */
export function waitForAll<const List extends readonly [AwaitableEvent, ...AwaitableEvent[]]>(
  events: List,
  options: WaitForOptions & Endless,
): Promise<AwaitedList<List>>;
export function waitForAll<const List extends readonly [AwaitableEvent, ...AwaitableEvent[]]>(
  events: List,
  options: WaitForOptions,
): Promise<AwaitedList<List> | null>;
export function waitForAll<const List extends readonly [KeyedEvent, ...KeyedEvent[]]>(
  events: List,
  options?: WaitOptionsWithoutKey & Endless,
): Promise<AwaitedList<List>>;
export function waitForAll<const List extends readonly [KeyedEvent, ...KeyedEvent[]]>(
  events: List,
  options: WaitOptionsWithoutKey,
): Promise<AwaitedList<List> | null>;
export function waitForAll(events: readonly unknown[], options?: unknown): Promise<unknown> {
  return waitForSeveral('waitForAll', events, options);
}

function waitForSeveral(name: WaitName, events: unknown, options: unknown): Promise<unknown> {
  return wait(name, () => {
    if (!Array.isArray(events) || events.length === 0)
      throw new NonRetryableError(
        `${name}() takes a list of events, ${name}([OrderApproved, OrderRejected], { key }), not ${shown(events)}`,
      );
    return {
      events: (events as readonly unknown[]).map((each) =>
        isKeyed(each) ? awaitedOf(name, each[0], { key: each[1] }) : awaitedOf(name, each, options),
      ),
      until: name === 'waitForAll' ? 'all' : 'any',
      isList: name === 'waitForAll',
      timeoutMs: timeoutOf(`${name}()`, optionsOf(options).timeout),
    };
  });
}

function isKeyed(value: unknown): value is readonly [unknown, unknown] {
  return Array.isArray(value) && value.length === 2;
}
