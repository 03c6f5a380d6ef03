import type { Clock } from '../../ports/clock.js';

/** What the work gives; after `ms` what `late` gives instead, and the work is waited for no more. */
export function inTime<Result>(
  clock: Clock,
  ms: number,
  work: Promise<Result>,
  late: () => Error,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(ms, () => reject(late()));
    const end = (answer: () => void): void => {
      timer.cancel();
      answer();
    };
    work.then(
      (result) => end(() => resolve(result)),
      (error: unknown) => end(() => reject(error as Error)),
    );
  });
}
