import type { AnyClass } from '../metadata/class-metadata.js';
import type { Duration } from '../model/duration.js';
import { registerEvent } from '../metadata/metadata-store.js';
import type { HasField } from './has-field.js';
import { recordClass, recordTwice } from './record-class.js';
import { recordOptions } from './record-options.js';

/** Of `@Event`. */
export interface EventOptions<Path extends string = string> {
  /**
   * The field that tells instances of this event apart for `waitFor`: `'orderId'`, or a path as `'order.id'`. Its value is text,
   * a number or a boolean. Default: none, and nobody can wait for the event.
   */
  readonly correlate?: Path;
  /** How long an event is kept for those that wait for it, at most 100 of one key. Default: `'7d'`. */
  readonly keep?: Duration;
}

const OPTION_NAMES = ['correlate', 'keep'] as const satisfies (keyof EventOptions)[];

/** Stands on a class that has the field of `correlate`. */
export type EventDecorator<Path extends string> = <Class extends AnyClass>(
  target: HasField<InstanceType<Class>, Path> extends true
    ? Class
    : `there is no field '${Path}' in this class`,
) => void;

/**
 * Makes a class an event. `name` is what is stored and sent: it stays when the class is renamed. Instances can be stored in
 * results and arguments too, as with `@Storable`, and come back as the class; those of a subclass without an `@Event` cannot.
 *
 * @example
 * @Event('order.placed')
 * class OrderPlaced {
 *   @IsUUID() orderId!: string;
 * }
 */
export function Event<const Path extends string = string>(
  name: string,
  options?: EventOptions<Path>,
): EventDecorator<Path>;
export function Event(name: string, options: EventOptions = {}): (target: AnyClass) => void {
  return (target: AnyClass, context?: unknown) => {
    const record = recordClass('Event', target, context);
    if (record.event !== null) recordTwice(record, target, null, 'Event');
    const place = { decorator: 'Event', record, type: target, member: null };
    const { correlate, keep } = recordOptions(place, options, OPTION_NAMES) ? options : {};
    registerEvent({ name, correlate: correlate ?? null, keep: keep ?? null }, target);
  };
}
