import { type BatchItem, encodeItem } from '../model/batch-item.js';
import { instanceGate } from '../model/instance-key.js';
import { instanceName, type RoutingRule } from '../model/keyed.js';
import type { MessageKind } from '../model/execution.js';
import type { Collect, Gate } from '../ports/store-write.js';

/** What an execution that collects listens to at first. */
export const collectorListens: readonly MessageKind[] = Object.freeze(['cancel', 'flush'] as const);

/** Names the batches of one key; those of a session are its own. `owner`: the id of the handler's definition. */
export function batchName(owner: string, session: string | null, key: string): string {
  const scope =
    session === null ? owner : `${owner}@${session.replaceAll('%', '%25').replaceAll(':', '%3A')}`;
  return instanceName('debounce', scope, key);
}

/** Where an event is collected: batches of one key run one after another, each to its end. */
export function batchPlace(
  name: string,
  rule: Pick<Extract<RoutingRule, { kind: 'debounce' }>, 'flushAfterMs' | 'slides' | 'maxWaitMs' | 'most'>,
  item: BatchItem,
  bufferedEvents: number,
): { readonly gate: Gate; readonly collect: Collect } {
  const { flushAfterMs, slides, maxWaitMs } = rule;
  const most = mostOf(rule.most, bufferedEvents);
  return {
    gate: instanceGate(name),
    collect: { name, flushAfterMs, slides, maxWaitMs, most, item: encodeItem(item) },
  };
}

/** Events of one batch: as many as its rule says, and no more than the app's limit. */
export function mostOf(most: number | null, bufferedEvents: number): number {
  return most === null ? bufferedEvents : Math.min(most, bufferedEvents);
}
