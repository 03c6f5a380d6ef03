import { metadataOf } from '../../metadata/metadata-store.js';
import type { DebounceMethod } from './debounce-method.js';
import { publishArguments } from '../publishing/publish-arguments.js';

/** The arguments of a publish for an event that is given to `add`. Throws `ConfigurationError`. */
export function collectedEvent(
  { worker, handler }: Pick<DebounceMethod, 'worker' | 'handler'>,
  event: unknown,
): readonly unknown[] {
  const { subscriptions = [] } = metadataOf(worker.type).methods.get(handler.method) ?? {};
  const sources = [...new Set(subscriptions.flatMap((subscription) => subscription.sources))];
  return publishArguments(event, { call: 'add()', name: handler.id, sources, finds: 'batch' });
}
