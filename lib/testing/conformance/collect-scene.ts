import type { ExecutionId } from '../../model/ids.js';
import type { CollectedBatch } from '../../ports/stored-instance.js';
import type { Collect, Gate, NewEvent, NewExecution, PublishedExecution } from '../../ports/store-write.js';
import type { StoreDriver } from './store-driver.js';

/** How an event of a case is collected, unless it says otherwise. */
export const rule: Collect = {
  name: 'b',
  flushAfterMs: 100,
  slides: false,
  maxWaitMs: null,
  most: 10,
  item: '1',
};

/** An event whose execution collects: by the name `b`, 100 ms after the first, at most 10. */
export function collected(
  d: StoreDriver,
  over: Partial<Collect> = {},
  execution: Partial<NewExecution> = {},
  event: Partial<NewEvent> = {},
): NewEvent {
  const listening = ['cancel', 'flush'] as const;
  return d.event([d.execution({ listening, collect: { ...rule, ...over }, ...execution })], event);
}

/** Publishes events with these items, one write each; answers what became of the last. */
export async function add(
  d: StoreDriver,
  items: readonly string[],
  over: Partial<Collect> = {},
  gate: Gate | null = null,
): Promise<PublishedExecution> {
  let last: PublishedExecution | undefined;
  for (const item of items)
    last = d.published(await d.publishEvents(collected(d, { ...over, item }, { gate })))[0];
  if (last === undefined) throw new RangeError('add needs an item');
  return last;
}

/** Bodies of the items that the execution has. */
export async function itemsOf(d: StoreDriver, id: ExecutionId): Promise<readonly (string | null)[]> {
  const messages = await d.store.inbox(id, 0, 1_000);
  return messages.filter(({ kind }) => kind === 'item').map(({ body }) => body);
}

/** What a claim takes: ids with what they collected. */
export async function taken(d: StoreDriver): Promise<readonly (readonly [ExecutionId, CollectedBatch?])[]> {
  return (await d.claim()).claimed.map(({ lease, batch }) =>
    batch === undefined ? [lease.executionId] : [lease.executionId, batch],
  );
}

/** Whether something takes events of that name. */
export async function isOpen(d: StoreDriver, name = 'b'): Promise<boolean> {
  return (await d.store.batch(name))?.isOpen === true;
}
