import type { ExecutionId } from '../../model/ids.js';
import type { ClaimRequest, OwnExecution } from '../../ports/store.js';
import { fromStored, toStored } from './stored-text.js';

/** What a claim's script is asked. */
export function encodeClaim({ owner, runnable, limit, ids, own }: ClaimRequest): object {
  return {
    ow: toStored(owner),
    ru: runnable.map(({ id, fingerprint }) => [toStored(id), toStored(fingerprint)]),
    li: limit,
    ids: ids?.map(toStored),
    own: own?.map(({ id, fence }) => [toStored(id), fence]),
  };
}

/** What a heartbeat answers of what the process runs. */
export function ownOf([id, fence]: readonly [string, number]): OwnExecution {
  return { id: fromStored(id) as ExecutionId, fence };
}
