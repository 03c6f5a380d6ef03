import type { ExecutionRecord } from '../model/execution.js';
import type { ExecutionFilter, Store } from './store.js';

/** Executions that are read at once. */
const PAGE = 200;

/** Every execution that matches, oldest first; a page is read when the one before is used up. */
export async function* executionsOf(
  store: Pick<Store, 'list'>,
  filter: Omit<ExecutionFilter, 'after' | 'limit'>,
): AsyncGenerator<ExecutionRecord, void, undefined> {
  let last: ExecutionRecord | undefined;
  do {
    const after = last === undefined ? null : { after: last.id };
    const page = await store.list({ ...filter, ...after, limit: PAGE });
    yield* page;
    last = page.length < PAGE ? undefined : page.at(-1);
  } while (last !== undefined);
}
