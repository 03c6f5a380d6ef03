import { partsOfDefinition } from '../model/definition.js';
import type { ExecutionId } from '../model/ids.js';
import type { ClaimRequest } from '../ports/store.js';
import type { ConsumerOptions, Wish } from './consumer-options.js';

/** At most so many executions are claimed at once: the rest of the slots follow in the next round trip. */
export const CLAIM_PAGE = 100;

/** What the store is asked for. What runs here is not named: taken back, it would run twice. */
export function claimRequest(
  { owner, runnable }: Pick<ConsumerOptions, 'owner' | 'runnable'>,
  limit: number,
  wish: Wish,
  runsHere: (id: ExecutionId) => boolean,
): ClaimRequest {
  if ('own' in wish)
    return { owner, runnable: runnable(), limit, own: wish.own.filter(({ id }) => !runsHere(id)) };
  if ('ids' in wish)
    return { owner, runnable: runnable(), limit, ids: wish.ids.filter((id) => !runsHere(id)) };
  const { worker } = wish;
  const mayTake = runnable();
  return {
    owner,
    runnable: worker === null ? mayTake : mayTake.filter(({ id }) => partsOfDefinition(id).worker === worker),
    limit,
  };
}
