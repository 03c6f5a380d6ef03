import { sign } from '../../adapters/http/signature.js';
import { systemClock } from '../../adapters/system/system-clock.js';
import { uuidGenerator } from '../../adapters/system/uuid-generator.js';
import { refuse } from '../options/option-checks.js';
import { keysOf, signingMistakes, type Signing } from './signing.js';

/**
 * The headers with which a mount of the same key believes an event. The `id` names the request: sent again under it, also with
 * a newer time, it is the same event. Throws `ConfigurationError` for a key that is too short.
 *
 * @example
 * const body = JSON.stringify({ event: 'order.placed', data: order });
 * await fetch('https://jobs.example.com/holdfast', { method: 'POST', body, headers: signedHeaders(key, body) });
 */
export function signedHeaders(
  signing: Signing,
  body: string | Uint8Array,
  options: {
    /** Letters, digits, `_` and `-`, 128 at most; a new one by default. */
    readonly id?: string;
    /** Epoch ms; the machine's time by default. */
    readonly now?: number;
  } = {},
): Readonly<Record<string, string>> {
  const { id = uuidGenerator.next(), now = systemClock.now() } = options;
  refuse([
    ...signingMistakes('signing', signing),
    ...(/^[\w-]{1,128}$/.test(id)
      ? []
      : [
          {
            option: 'id',
            found: 'it is no id of a request',
            write: 'Write 1 to 128 letters, digits, _ or -',
          },
        ]),
  ]);
  const [key = ''] = keysOf(signing);
  const timestamp = String(Math.floor(now / 1_000));
  return {
    'content-type': 'application/json',
    ...sign(key, { surface: 'events', id, timestamp, body: Buffer.from(body) }),
  };
}
