import { goodHeaders, type Sent } from './http-requests.js';

/** A request that is refused, or whose odd text is taken for nothing but text. */
export interface HostileCase {
  readonly name: string;
  readonly sent: Sent;
  /** Statuses that are right. */
  readonly allowed: readonly number[];
  /** Only Node's client can send it. */
  readonly onlyNode?: boolean;
}

export const KEY = 'the key of this test, which is long enough';
export const OLD_KEY = 'the key before it, which is long enough too';
export const CANARY = 'canary<script>alert(document)</script>';

export const good = { event: 'order.placed', data: { orderId: 'o-1', total: 5 } };
export const text = JSON.stringify(good);

let made = 0;
export const nextId = (): string => `case-${++made}`;

/** Signed by who may. */
export function signed(name: string, body: string | Uint8Array, allowed: readonly number[]): HostileCase {
  return { name, sent: { headers: goodHeaders(KEY, body, nextId()), body }, allowed };
}
