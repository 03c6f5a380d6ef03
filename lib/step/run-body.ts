import { TimeoutError } from '../model/errors-execution.js';
import { isThenable } from '../model/is-thenable.js';
import { namesOf } from '../model/path.js';
import { callBelow } from '../ports/current-execution.js';
import type { Frame } from './frame.js';
import { repeatsJournal } from './repeats-journal.js';
import { RunningTime, type Timed } from './running-time.js';

export type BodyOutcome =
  | { readonly ok: true; readonly value: unknown }
  /** `isCutOff`: it used up its time, and may go on all the same. */
  | { readonly ok: false; readonly error: unknown; readonly isCutOff: boolean };

export interface BodySpec {
  readonly timeoutMs: number | null;
  readonly args: readonly unknown[];
  /** It is no attempt of a handler or step: interceptors do not see it. Default false. */
  readonly isBranch?: boolean;
  /** Gets the frame that it runs below. */
  readonly invoke: (frame: Frame) => unknown;
}

/** Whoever runs a body: gets its outcome once, or never when the pass ended before. */
export interface BodyOwner {
  bodyEnded(outcome: BodyOutcome): void;
}

/** Runs one body below its frame. A body that times out is told by its signal; what it still does counts only as an occupied slot. */
export function runBody(frame: Frame, spec: BodySpec, owner: BodyOwner): void {
  new BodyRun(frame, spec, owner).begin();
}

// oxlint-disable-next-line typescript/unbound-method -- called on the promises of bodies
const { then } = Promise.prototype;

/** One object for what would else be a closure each: bodies are the most frequent thing that the engine makes. */
class BodyRun implements Timed {
  /** What it gave at once. */
  value: unknown = undefined;

  constructor(
    readonly frame: Frame,
    readonly spec: BodySpec,
    private readonly owner: BodyOwner,
  ) {}

  begin(): void {
    const { frame, spec } = this;
    frame.pass.live.add(frame);
    if (spec.timeoutMs !== null)
      frame.runningTime = new RunningTime(frame.pass.services.clock, spec.timeoutMs, this);
    let promise: Promise<unknown> | null;
    try {
      promise = callBelow(frame, attempt, this);
    } catch (error) {
      this.threw(error);
      return;
    }
    if (promise === null) {
      this.returned({ ok: true, value: this.value });
      return;
    }
    frame.startTime();
    // Not its own `then`, which may be anything: two answers would end two bodies.
    void then.call(
      promise,
      (value: unknown) => this.returned({ ok: true, value }),
      (error: unknown) => this.threw(error),
    );
  }

  usedUp(): void {
    const { frame, spec } = this;
    if (frame.isDead) return;
    const error = new TimeoutError(namesOf(frame.path), spec.timeoutMs ?? 0);
    frame.kill(error);
    frame.pass.replay?.close(frame.path);
    tell(frame, this.owner, { ok: false, error, isCutOff: true });
  }

  private threw(error: unknown): void {
    this.returned({ ok: false, error, isCutOff: false });
  }

  private returned(outcome: BodyOutcome): void {
    const { frame, owner } = this;
    if (frame.isDead) frame.pass.bodyEnded(frame);
    else if (frame.outstanding === 0) {
      frame.hasReturned = true;
      ended(frame, owner, outcome);
    } else frame.returned(() => ended(frame, owner, outcome));
  }
}

function ended(frame: Frame, owner: BodyOwner, outcome: BodyOutcome): void {
  const counts = !frame.isDead;
  frame.ended();
  frame.pass.bodyEnded(frame);
  if (!counts) return;
  const outcomeOrLate =
    outcome.ok && frame.lateFailure !== null
      ? { ok: false as const, error: frame.lateFailure.error, isCutOff: false }
      : outcome;
  if (repeatsJournal(frame)) tell(frame, owner, outcomeOrLate);
}

/** What bodies give and throw is anything: should it defeat the engine, a person has to look, and nobody else is disturbed. */
function tell(frame: Frame, owner: BodyOwner, outcome: BodyOutcome): void {
  try {
    owner.bodyEnded(outcome);
  } catch (error) {
    frame.pass.end({ kind: 'parked', error });
  }
}

/** Runs the body; null when it gave its value at once. Promises of others answer as often and whenever they like: wrapped, once. */
function attempt(run: BodyRun): Promise<unknown> | null {
  const answer = intercept(run.frame, run.spec);
  if (isThenable(answer)) return Promise.resolve(answer);
  run.value = answer;
  return null;
}

function intercept(frame: Frame, spec: BodySpec): unknown {
  const { interceptors } = frame.pass.services.settings;
  if (interceptors.length === 0 || spec.isBranch === true) return spec.invoke(frame);
  const call = {
    worker: frame.pass.worker.id,
    executionId: frame.pass.record.id,
    step: namesOf(frame.path),
    attempt: frame.attempt,
    args: spec.args,
  };
  const chain = interceptors.reduceRight<() => Promise<unknown>>(
    (next, interceptor) => async () => interceptor(call, next),
    async () => spec.invoke(frame),
  );
  return chain();
}
