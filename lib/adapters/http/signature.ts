import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a request is for: a signature of one surface is none on the other. */
export type Surface = 'hints' | 'events';

/** Why a request is not authorized: for the operators, its sender is not told. */
export type NotAuthorized = 'guard' | 'not-signed' | 'out-of-time' | 'wrong-signature' | 'not-local';

/** Headers of a signed request. */
const ID_HEADER = 'holdfast-id';
const TIMESTAMP_HEADER = 'holdfast-timestamp';
const SIGNATURE_HEADER = 'holdfast-signature';

/** More than any sender has keys: how much work a header can ask for. */
const MOST_SIGNATURES = 8;
const SIGNATURE = /^v1,([0-9a-f]{64})$/;
const ID = /^[A-Za-z0-9_-]{1,128}$/;
const TIMESTAMP = /^\d{1,12}$/;

/** What a signature vouches for. */
export interface Signed {
  readonly surface: Surface;
  readonly id: string;
  /** Epoch seconds, as written. */
  readonly timestamp: string;
  readonly body: Uint8Array;
}

/** What the headers of a request claim: nothing of it is true before `verify` says so. */
export interface Claim {
  readonly id: string;
  readonly timestamp: string;
  readonly signatures: readonly string[];
}

/** The headers that let a receiver with that key believe the body. */
export function sign(key: string, signed: Signed): Readonly<Record<string, string>> {
  return {
    [ID_HEADER]: signed.id,
    [TIMESTAMP_HEADER]: signed.timestamp,
    [SIGNATURE_HEADER]: `v1,${digest(key, signed)}`,
  };
}

/** Reads the headers; why not, when they cannot be those of a signed request, or are older or newer than the tolerance. */
export function claimOf(
  header: (name: string) => string | null,
  nowMs: number,
  toleranceMs: number,
): Claim | NotAuthorized {
  const id = header(ID_HEADER) ?? '';
  const timestamp = header(TIMESTAMP_HEADER) ?? '';
  const written = (header(SIGNATURE_HEADER) ?? '').split(' ', MOST_SIGNATURES + 1);
  const signatures = written.map((each) => SIGNATURE.exec(each)?.[1] ?? '');
  if (!ID.test(id) || !TIMESTAMP.test(timestamp)) return 'not-signed';
  if (signatures.length > MOST_SIGNATURES || signatures.includes('')) return 'not-signed';
  const isInTime = Math.abs(nowMs - Number(timestamp) * 1_000) <= toleranceMs;
  return isInTime ? { id, timestamp, signatures } : 'out-of-time';
}

/** Whether one of the signatures is that of one of the keys. Takes equally long whichever byte is wrong. */
export function verify(keys: readonly string[], claim: Claim, surface: Surface, body: Uint8Array): boolean {
  let isTrue = false;
  for (const key of keys) {
    const expected = Buffer.from(digest(key, { ...claim, surface, body }));
    for (const signature of claim.signatures)
      isTrue = timingSafeEqual(expected, Buffer.from(signature)) || isTrue;
  }
  return isTrue;
}

/** No part but the last, the body, can hold a dot: what was signed can be read in one way only. */
function digest(key: string, { surface, id, timestamp, body }: Signed): string {
  return createHmac('sha256', key).update(`v1.${surface}.${timestamp}.${id}.`).update(body).digest('hex');
}
