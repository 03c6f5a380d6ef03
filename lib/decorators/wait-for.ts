import { eventMetadataOf } from '../metadata/metadata-store.js';
import { type Duration, durationForms, parseDuration } from '../model/duration.js';
import { NoCurrentExecutionError } from '../model/errors-app.js';
import { DefinitionError } from '../model/errors-boot.js';
import { NonRetryableError } from '../model/errors-step.js';
import { type EventClass, type EventData, isSchemaEvent, type SchemaEvent } from '../model/event-source.js';
import { keyText } from '../model/mailbox.js';
import { messageOf } from '../model/message-of.js';
import { type AwaitedEvent, shared, type WaitCall } from '../ports/current-execution.js';

/** What `waitFor` can wait for: an event with `correlate`. */
export type AwaitableEvent = EventClass | SchemaEvent;

/** Of `waitFor`. */
export interface WaitForOptions {
  /** Which events: those whose field of `correlate` has this value. Compared as text: `7` and `'7'` are one. */
  readonly key: string | number | bigint | boolean;
  /** After how long `null` comes instead. Default: it waits for ever. */
  readonly timeout?: Duration | undefined;
}

/**
 * Waits durably for the next event of that key: the execution holds no slot meanwhile and survives crashes and deploys. Gives
 * the event as handlers receive it, or `null` when none came in time. An event accepted since the execution was created is
 * not missed, though the wait begins later; a second wait for the same key gets the next one.
 *
 * Rejects with `DefinitionError` for an event without `correlate`, and with `NoCurrentExecutionError` outside an execution.
 *
 * @example
 * const approval = await waitFor(OrderApproved, { key: order.orderId, timeout: '2 days' });
 */
export function waitFor<Source extends AwaitableEvent>(
  event: Source,
  options: WaitForOptions & { readonly timeout?: undefined },
): Promise<EventData<Source>>;
export function waitFor<Source extends AwaitableEvent>(
  event: Source,
  options: WaitForOptions,
): Promise<EventData<Source> | null>;
export function waitFor(event: AwaitableEvent, options: WaitForOptions): Promise<unknown> {
  return wait('waitFor', () => ({
    events: [awaitedOf('waitFor', event, options)],
    until: 'any',
    isList: false,
    timeoutMs: timeoutOf(`waitFor(${describe('waitFor', event).title})`, optionsOf(options).timeout),
  }));
}

/** The calls that wait for events. */
export type WaitName = 'waitFor' | 'waitForAny' | 'waitForAll';

/** Makes the call, and has the execution wait. */
export function wait(name: WaitName, call: () => WaitCall): Promise<unknown> {
  const current = shared().storage.getStore();
  try {
    if (current === undefined) throw new NoCurrentExecutionError(`${name}()`);
    // The promise itself, no other that follows it: one that nobody awaits must not end the process when it fails.
    return current.waitFor(call());
  } catch (error) {
    return Promise.reject(error instanceof Error ? error : new Error(messageOf(error)));
  }
}

/** What code gave as options, whatever that was. */
export function optionsOf(options: unknown): Partial<WaitForOptions> {
  return (options ?? {}) as Partial<WaitForOptions>;
}

/** How long a call waits; null: for ever. Throws `NonRetryableError`. */
export function timeoutOf(call: string, timeout: unknown): number | null {
  if (timeout === undefined) return null;
  const timeoutMs = parseDuration(timeout as Duration);
  if (timeoutMs === null)
    throw new NonRetryableError(`${call} has the timeout ${shown(timeout)}. Write ${durationForms(timeout)}`);
  return timeoutMs;
}

/** An event and the key that it is waited for by. Throws `DefinitionError` and `NonRetryableError`. */
export function awaitedOf(call: WaitName, event: unknown, options: unknown): AwaitedEvent {
  const { source, title, name, correlate } = describe(call, event);
  if (typeof correlate !== 'string' || correlate === '')
    throw new DefinitionError([
      {
        class: title,
        member: null,
        found: `${call}() was asked to wait for it, and it has no correlate`,
        write: isSchemaEvent(event)
          ? `Write defineEvent('${name}', schema, { correlate: 'orderId' })`
          : `Write @Event('${name}', { correlate: 'orderId' })`,
      },
    ]);
  const example = call === 'waitFor' ? `waitFor(${title}, { key })` : `${call}([${title}], { key })`;
  if (typeof options !== 'object' || options === null)
    throw new NonRetryableError(
      `${call}(${title}) has ${options === undefined ? 'no options' : `${shown(options)} as its options`}. Write ${example}, with the value of its field '${correlate}' as key`,
    );
  const { key } = optionsOf(options);
  const text = keyText(key);
  if (text === null)
    throw new NonRetryableError(
      `${call}(${title}) has the key ${shown(key)}. Give the value of its field '${correlate}': text that is not empty, a number or a boolean`,
    );
  return { source, event: name, key: text };
}

interface Described {
  readonly source: object;
  readonly title: string;
  readonly name: string;
  readonly correlate: unknown;
}

function describe(call: WaitName, event: unknown): Described {
  if (isSchemaEvent(event)) {
    const { name, correlate } = event;
    return { source: event, title: `defineEvent('${name}')`, name, correlate };
  }
  const metadata =
    typeof event === 'function' ? eventMetadataOf(event as unknown as EventClass<object>) : null;
  if (metadata === null)
    throw new NonRetryableError(
      `${call}() takes a class with @Event or what defineEvent() returned, not ${shown(event)}`,
    );
  const { name, correlate } = metadata;
  const source = event as (...args: never[]) => unknown;
  return { source, title: source.name, name, correlate };
}

/** How messages show what code gave. */
export function shown(value: unknown): string {
  if (typeof value === 'function') return `class ${value.name}`;
  return typeof value === 'string'
    ? `'${value.slice(0, 60)}'`
    : typeof value === 'object' && value !== null
      ? 'an object'
      : String(value);
}
