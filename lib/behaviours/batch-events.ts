import { decodeItem } from '../model/batch-item.js';
import type { ExecutionId } from '../model/ids.js';
import type { ReduceInfo } from '../model/debounce-context.js';
import { StoreUnavailableError } from '../model/errors-store.js';
import type { Store } from '../ports/store.js';
import type { StoredMessage } from '../ports/store-write.js';
import type { PassServices } from '../step/pass-services.js';

/** Messages that are read at once. */
const PAGE = 500;

type ItemServices = Pick<PassServices, 'codec' | 'events'>;

/**
 * The events that an execution has collected, in the order in which they were accepted. Rejects with `InvalidEventError`, and
 * with `StoreUnavailableError` when the store does not answer.
 */
export async function batchEvents(
  store: Pick<Store, 'inbox'>,
  services: ItemServices,
  id: ExecutionId,
): Promise<unknown[]> {
  const found: unknown[] = [];
  for (const text of await batchItems(store, id)) {
    const { event, input, schemaHash } = decodeItem(text);
    found.push(await services.events.restore(event, services.codec.decode(input), schemaHash));
  }
  return found;
}

/** As they are stored. Rejects with `StoreUnavailableError` when the store does not answer. */
export async function batchItems(store: Pick<Store, 'inbox'>, id: ExecutionId): Promise<string[]> {
  const items: string[] = [];
  for (let after = 0; ; ) {
    const messages = await itemsAfter(store, id, after);
    for (const { kind, body } of messages) if (kind === 'item' && body !== null) items.push(body);
    const last = messages.at(-1);
    if (last === undefined || messages.length < PAGE) return items;
    after = last.seq;
  }
}

async function itemsAfter(
  store: Pick<Store, 'inbox'>,
  id: ExecutionId,
  after: number,
): Promise<readonly StoredMessage[]> {
  try {
    return await store.inbox(id, after, PAGE);
  } catch (error) {
    throw new StoreUnavailableError(`the store did not give the events of batch '${id}'`, error);
  }
}

/** What the reducer makes of the events. Throws what it throws. */
export async function foldEvents(
  receiver: object,
  reducer: string,
  events: readonly unknown[],
  instanceId: string,
): Promise<unknown> {
  const reduce = (receiver as Record<string, (...args: readonly unknown[]) => unknown>)[reducer];
  let state: unknown;
  for (const [at, event] of events.entries()) {
    const info: ReduceInfo = { eventCount: at + 1, instanceId };
    state = await reduce?.call(receiver, state, event, info);
  }
  return state;
}
