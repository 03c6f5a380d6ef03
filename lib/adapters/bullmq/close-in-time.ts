import type { Clock } from '../../ports/clock.js';
import { type Severable, sever } from './sever.js';

/** What a server that is away is given to answer. */
const PATIENCE_MS = 1_000;

/**
 * Waits for a polite end, then ends the connections of `one` by force, and waits as long again for what that sets free. Time counts
 * from the last answer of `isBusy` that was true. Never rejects.
 */
export async function closeInTime(
  clock: Clock,
  one: Severable,
  polite: () => Promise<unknown>,
  isBusy: () => boolean = () => false,
): Promise<void> {
  const end = polite().then(
    () => true,
    () => false,
  );
  let isOver = await within(clock, end);
  while (isOver === null && isBusy()) isOver = await within(clock, end);
  if (isOver === true) return;
  sever(one);
  await within(clock, end);
}

/** What it answers; null: nothing in time. */
export async function within<T>(clock: Clock, task: Promise<T>): Promise<T | null> {
  let late: () => void = () => undefined;
  const isLate = new Promise<null>((resolve) => {
    late = () => resolve(null);
  });
  const timer = clock.setTimer(PATIENCE_MS, late);
  try {
    return await Promise.race([task, isLate]);
  } finally {
    timer.cancel();
  }
}
