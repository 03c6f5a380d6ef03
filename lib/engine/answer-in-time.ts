import { StoreUnavailableError } from '../model/errors-store.js';
import type { Clock } from '../ports/clock.js';

/** A background call that the store has not answered by then counts as failed, in ms. */
export const ANSWER_MS = 10_000;

/**
 * The answer of a call that must not hold up its caller for ever: rejects with `StoreUnavailableError` when there is none
 * after `ms`. The call goes on; `late` gets what it answers after that.
 */
export function answerInTime<Answer>(
  clock: Clock,
  ms: number,
  task: string,
  call: Promise<Answer>,
  late?: (answer: Answer) => void,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let isLate = false;
    const timer = clock.setTimer(ms, () => {
      isLate = true;
      reject(new StoreUnavailableError(`no answer within ${ms} ms: ${task}`));
    });
    call.then(
      (answer) => {
        timer.cancel();
        if (isLate) late?.(answer);
        else resolve(answer);
      },
      (error: unknown) => {
        timer.cancel();
        reject(error as Error);
      },
    );
  });
}

/** Whether the work ends within `ms`; it goes on when it does not. Rejects as it does. */
export function endsInTime(clock: Clock, ms: number, work: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(ms, () => resolve(false));
    const end = (answer: () => void): void => {
      timer.cancel();
      answer();
    };
    work.then(
      () => end(() => resolve(true)),
      (error: unknown) => end(() => reject(error as Error)),
    );
  });
}
