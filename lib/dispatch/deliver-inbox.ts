import type { Run } from '../engine/work.js';
import type { Store } from '../ports/store.js';
import type { StoredMessage } from '../ports/store-write.js';

const PAGE = 100;

/** Loads the messages that came for an execution since its pass was last told. */
export async function deliverInbox(store: Pick<Store, 'inbox'>, run: Run): Promise<void> {
  const { id } = run.pass.record;
  for (let after: number | null = run.seenInboxSeq; after !== null; ) {
    const messages: readonly StoredMessage[] = await store.inbox(id, after, PAGE);
    run.deliver(messages);
    after = messages.length < PAGE ? null : (messages.at(-1)?.seq ?? null);
  }
}
