import type { AnyClass } from '../metadata/class-metadata.js';
import { eventMetadataOf, metadataOf } from '../metadata/metadata-store.js';
import type { HandlerDefinition, WorkerDefinition } from '../model/definition.js';
import { ConfigurationError } from '../model/errors-boot.js';
import { isEventUnion } from '../model/event-source.js';
import { titleOf } from './source-title.js';

/**
 * The arguments of a publish for an event that is given alone. An instance and a member of a union say which event they are;
 * of plain data it must be clear. Throws `ConfigurationError`.
 */
export function collectedEvent(
  { worker, handler }: { readonly worker: WorkerDefinition; readonly handler: HandlerDefinition },
  event: unknown,
): readonly unknown[] {
  const { subscriptions = [] } = metadataOf(worker.type).methods.get(handler.method) ?? {};
  const sources = [...new Set(subscriptions.flatMap((subscription) => subscription.sources))];
  if (typeof event === 'object' && event !== null) {
    if (eventMetadataOf(event.constructor as unknown as AnyClass) !== null) return [event];
    const [only] = sources;
    if (sources.length === 1 && !isEventUnion(only)) return [only, event];
    if (typeof (event as { readonly type?: unknown }).type === 'string') return [event];
  }
  throw new ConfigurationError([
    {
      option: 'add(): event',
      found: `${titleOf(event)}, and ${handler.id} takes ${sources.map(titleOf).join(', ')}`,
      write:
        'Give an instance of the event class, or app.publish(SomeEvent, data): the event finds its batch',
    },
  ]);
}
