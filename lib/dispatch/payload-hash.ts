import { createHash } from 'node:crypto';

/**
 * Hash of an event's name and encoded payload; the order of keys does not matter. `to`: whom alone it is for, so that no
 * message passes for one to somebody else; null: all that take it.
 */
export function payloadHash(eventName: string, input: string, to: readonly string[] | null = null): string {
  const isTagged = input.startsWith('~');
  const plain: unknown = JSON.parse(isTagged ? input.slice(1) : input);
  return createHash('sha256')
    .update(JSON.stringify([eventName, isTagged, sorted(plain), ...(to === null ? [] : [to])]))
    .digest('base64url');
}

/** The limits have bounded how deep an event is nested. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const fields = value as Readonly<Record<string, unknown>>;
  return {
    fields: Object.keys(fields)
      .toSorted()
      .map((key) => [key, sorted(fields[key])]),
  };
}
