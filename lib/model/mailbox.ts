import type { Duration } from './duration.js';

/** Events that one mailbox holds at most. */
export const MAILBOX_CAPACITY = 100;

/** How long an event waits for its waiter unless said. */
export const DEFAULT_KEEP: Duration = '7d';

/** How an event finds those that wait for it. */
export interface MailRule {
  /** The field that tells events apart: `orderId`, `customer.id`. */
  readonly correlate: string;
  readonly keepMs: number;
}

/** The text by which a key is compared: `7` and `'7'` are one. Null for what is no plain value, or is empty. */
export function keyText(value: unknown): string | null {
  if (typeof value === 'string') return value === '' ? null : value;
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint')
    return String(value);
  return null;
}
