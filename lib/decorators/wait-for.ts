import { eventMetadataOf } from '../metadata/metadata-store.js';
import { DURATION_FORMS, type Duration, parseDuration } from '../model/duration.js';
import { NoCurrentExecutionError } from '../model/errors-app.js';
import { DefinitionError } from '../model/errors-boot.js';
import { NonRetryableError } from '../model/errors-step.js';
import { type EventClass, type EventData, isSchemaEvent, type SchemaEvent } from '../model/event-source.js';
import { keyText } from '../model/mailbox.js';
import { messageOf } from '../model/message-of.js';
import { shared, type WaitCall } from '../ports/current-execution.js';

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
  const current = shared().storage.getStore();
  try {
    if (current === undefined) throw new NoCurrentExecutionError('waitFor()');
    // The promise itself, no other that follows it: one that nobody awaits must not end the process when it fails.
    return current.waitFor(waitCallOf(event, options));
  } catch (error) {
    return Promise.reject(error instanceof Error ? error : new Error(messageOf(error)));
  }
}

function waitCallOf(event: unknown, options: unknown): WaitCall {
  const { source, title, name, correlate } = describe(event);
  if (typeof correlate !== 'string' || correlate === '')
    throw new DefinitionError([
      {
        class: title,
        member: null,
        found: 'waitFor() was asked to wait for it, and it has no correlate',
        write: isSchemaEvent(event)
          ? `Write defineEvent('${name}', schema, { correlate: 'orderId' })`
          : `Write @Event('${name}', { correlate: 'orderId' })`,
      },
    ]);
  const { key, timeout } = (options ?? {}) as Partial<WaitForOptions>;
  const text = keyText(key);
  if (text === null)
    throw new NonRetryableError(
      `waitFor(${title}) has the key ${shown(key)}. Give the value of its field '${correlate}': text that is not empty, a number or a boolean`,
    );
  const timeoutMs = timeout === undefined ? null : parseDuration(timeout);
  if (timeout !== undefined && timeoutMs === null)
    throw new NonRetryableError(
      `waitFor(${title}) has the timeout ${shown(timeout)}. Write ${DURATION_FORMS}`,
    );
  return { source, event: name, key: text, timeoutMs };
}

interface Described {
  readonly source: object;
  readonly title: string;
  readonly name: string;
  readonly correlate: unknown;
}

function describe(event: unknown): Described {
  if (isSchemaEvent(event)) {
    const { name, correlate } = event;
    return { source: event, title: `defineEvent('${name}')`, name, correlate };
  }
  const metadata =
    typeof event === 'function' ? eventMetadataOf(event as unknown as EventClass<object>) : null;
  if (metadata === null)
    throw new NonRetryableError(
      `waitFor() takes a class with @Event or what defineEvent() returned, not ${shown(event)}`,
    );
  const { name, correlate } = metadata;
  const source = event as (...args: never[]) => unknown;
  return { source, title: source.name, name, correlate };
}

function shown(value: unknown): string {
  if (typeof value === 'function') return `class ${value.name}`;
  return typeof value === 'string'
    ? `'${value.slice(0, 60)}'`
    : typeof value === 'object' && value !== null
      ? 'an object'
      : String(value);
}
