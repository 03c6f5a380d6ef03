import type { Consumer } from '../../dispatch/consumer.js';
import { EventPreparer } from '../../dispatch/event-preparer.js';
import { HandlerStarts } from '../../dispatch/handler-starts.js';
import { Publisher } from '../../dispatch/publisher.js';
import type { Subscriptions } from '../../dispatch/subscriptions.js';
import type { Definitions } from '../../engine/definitions.js';
import type { GroupWriter } from '../../engine/group-writer.js';
import type { ProcessId } from '../../model/ids.js';
import type { Hints } from './hints.js';
import type { RuntimeParts } from './runtime-parts.js';

/** What accepts the events of one process. */
export function publisherOf(
  parts: RuntimeParts,
  own: {
    readonly owner: ProcessId;
    readonly writer: GroupWriter;
    readonly consumer: Consumer;
    readonly hints: Hints;
    readonly subscriptions: Subscriptions;
    readonly definitions: Definitions;
  },
): Publisher {
  const { clock, codec, dispatcher, ids, observer, settings } = parts;
  const { subscriptions, definitions } = own;
  const dedupMs = () => settings.dedupMs;
  const preparer = new EventPreparer({ clock, settings, codec, subscriptions, definitions, dedupMs });
  const { store, handled } = parts;
  const handlers = new HandlerStarts({ store, preparer, subscriptions, handled });
  const { hinter } = own.hints;
  return new Publisher({ clock, observer, dispatcher, hinter, ids, preparer, handlers, ...own });
}
