import { endsInTime } from '../../engine/answer-in-time.js';
import { StoreUnavailableError } from '../../model/errors-store.js';
import type { Clock } from '../../ports/clock.js';

/** What each part of the end may take when the time for it is over. */
const LEAST_MS = 250;

/** Waits for a part of the end until then (monotonic); answers why it was left alone, or null when it was over. */
export async function endsBy(
  clock: Clock,
  until: number,
  work: Promise<unknown>,
): Promise<StoreUnavailableError | null> {
  const leftMs = Math.max(until - clock.monotonic(), LEAST_MS);
  if (await endsInTime(clock, leftMs, work)) return null;
  return new StoreUnavailableError(`it was not over within ${leftMs} ms, and was left alone`);
}
