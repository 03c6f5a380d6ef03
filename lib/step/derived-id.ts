import { createHash } from 'node:crypto';

/** An id made of those parts: the same in each process and on each repeat, and of no other parts. 192 bits of SHA-256. */
export function derivedId(parts: readonly (string | number)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 32);
}
