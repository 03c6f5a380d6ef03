import { NonDeterminismError, TimeoutError } from '../model/errors-execution.js';
import { namesOf } from '../model/path.js';
import { shared } from '../ports/current-execution.js';
import type { Frame } from './frame.js';
import { RunningTime } from './running-time.js';

export type BodyOutcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: unknown };

export interface BodySpec {
  readonly timeoutMs: number | null;
  readonly args: readonly unknown[];
  readonly invoke: () => unknown;
}

/**
 * Runs one body below its frame: `done` gets its outcome once, or never when the pass ended before. A body that times
 * out is told by its signal; what it still does counts only as an occupied slot.
 */
export function runBody(frame: Frame, spec: BodySpec, done: (outcome: BodyOutcome) => void): void {
  const { pass } = frame;

  const finish = (outcome: BodyOutcome): void => {
    if (frame.isDead) {
      pass.bodyEnded(frame);
      return;
    }
    frame.returned(() => {
      frame.ended();
      pass.bodyEnded(frame);
      if (frame.isDead) return;
      const outcomeOrLate =
        outcome.ok && frame.lateFailure !== null
          ? { ok: false as const, error: frame.lateFailure.error }
          : outcome;
      if (repeatsJournal(frame)) done(outcomeOrLate);
    });
  };

  const expire = (timeoutMs: number): void => {
    if (frame.isDead) return;
    const error = new TimeoutError(namesOf(frame.path), timeoutMs);
    frame.kill(error);
    pass.replay?.close(frame.path);
    done({ ok: false, error });
  };

  pass.live.add(frame);
  const { timeoutMs } = spec;
  if (timeoutMs !== null)
    frame.runningTime = new RunningTime(pass.services.clock, timeoutMs, () => expire(timeoutMs));
  let answer: unknown;
  try {
    answer = shared().storage.run(frame, () => intercept(frame, spec));
  } catch (error) {
    finish({ ok: false, error });
    return;
  }
  if (!isThenable(answer)) {
    finish({ ok: true, value: answer });
    return;
  }
  frame.startTime();
  answer.then(
    (value) => finish({ ok: true, value }),
    (error: unknown) => finish({ ok: false, error }),
  );
}

function intercept(frame: Frame, spec: BodySpec): unknown {
  const { interceptors } = frame.pass.services.settings;
  if (interceptors.length === 0) return spec.invoke();
  const call = {
    worker: frame.pass.worker.id,
    executionId: frame.pass.record.id,
    step: namesOf(frame.path),
    attempt: frame.attempt,
    args: spec.args,
  };
  const chain = interceptors.reduceRight<() => Promise<unknown>>(
    (next, interceptor) => async () => interceptor(call, next),
    async () => spec.invoke(),
  );
  return chain();
}

/** Whether the body called everything that was recorded below it; parks the execution when it did not. */
function repeatsJournal(frame: Frame): boolean {
  const { pass } = frame;
  const leftover = frame.isStrict ? (pass.replay?.leftover(frame.path) ?? []) : [];
  if (leftover.length === 0) {
    pass.replay?.close(frame.path);
    return true;
  }
  pass.end({
    kind: 'parked',
    error: new NonDeterminismError(
      `${pass.handler.id} ended '${namesOf(frame.path)}' without repeating recorded steps: ${leftover.slice(0, 3).join(', ')}. ` +
        `Bring back the code that called them, or retry({ from }) the first of them to forget them; then resume()`,
    ),
  });
  return false;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { readonly then?: unknown }).then === 'function'
  );
}
