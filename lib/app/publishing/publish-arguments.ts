import type { AnyClass } from '../../metadata/class-metadata.js';
import { eventMetadataOf } from '../../metadata/metadata-store.js';
import { ConfigurationError } from '../../model/errors-boot.js';
import { isEventUnion } from '../../model/event-source.js';
import { titleOf } from './source-title.js';

/** Who is given an event, as the error names it. */
export interface EventTaker {
  /** The call with its parentheses: `send()`. */
  readonly call: string;
  readonly name: string;
  /** Of the events that it takes. */
  readonly sources: readonly unknown[];
  /** What a published event would find by its key. */
  readonly finds: 'actor' | 'batch';
}

/**
 * The arguments of a publish for an event that is given alone. An instance and a member of a union say which event they are;
 * of plain data it must be clear. Throws `ConfigurationError`.
 */
export function publishArguments(
  event: unknown,
  { call, name, sources, finds }: EventTaker,
): readonly unknown[] {
  if (typeof event === 'object' && event !== null) {
    if (eventMetadataOf(event.constructor as unknown as AnyClass) !== null) return [event];
    const [only] = sources;
    if (sources.length === 1 && !isEventUnion(only)) return [only, event];
    if (typeof (event as { readonly type?: unknown }).type === 'string') return [event];
  }
  throw new ConfigurationError([
    {
      option: `${call}: event`,
      found: `${titleOf(event)}, and ${name} takes ${sources.map(titleOf).join(', ')}`,
      write:
        finds === 'actor'
          ? 'Name the event: send(SomeEvent, data, options), or give an instance of its class'
          : 'Give an instance of the event class, or app.publish(SomeEvent, data): the event finds its batch',
    },
  ]);
}
