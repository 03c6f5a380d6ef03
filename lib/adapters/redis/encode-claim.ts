import type { ClaimRequest } from '../../ports/store.js';
import { toStored } from './stored-text.js';

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
