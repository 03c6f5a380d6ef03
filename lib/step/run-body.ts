import { TimeoutError } from '../model/errors-execution.js';
import { isThenable } from '../model/is-thenable.js';
import { namesOf } from '../model/path.js';
import { callBelow } from '../ports/current-execution.js';
import type { LateTimer, LateTimers } from '../ports/late-timers.js';
import type { BodyTime, Frame } from './frame.js';
import { repeatsJournal } from './repeats-journal.js';
import { RunningTime, type Timed } from './running-time.js';

export interface BodySpec {
  readonly timeoutMs: number | null;
  readonly args: readonly unknown[];
  /** It is no attempt of a handler or step: interceptors do not see it. Default false. */
  readonly isBranch?: boolean;
  /** Gets the frame that it runs below. */
  readonly invoke: (frame: Frame) => unknown;
}

/** Whoever runs a body: told once how it ended, or never when the pass ended before. */
export interface BodyOwner {
  bodyReturned(value: unknown): void;
  /** `isCutOff`: it used up its time, and may go on all the same. */
  bodyThrew(error: unknown, isCutOff: boolean): void;
}

interface Failure {
  readonly error: unknown;
  readonly isCutOff: boolean;
}

/** Runs one body below its frame. A body that times out is told by its signal; what it still does counts only as an occupied slot. */
export function runBody(frame: Frame, spec: BodySpec, owner: BodyOwner): void {
  new BodyRun(frame, spec, owner).begin();
}

// oxlint-disable-next-line typescript/unbound-method -- called on the promises of bodies
const { then } = Promise.prototype;

/** One object for what would else be a closure each: bodies are the most frequent thing that the engine makes. */
class BodyRun implements BodyTime, LateTimer, Timed {
  /** What it gave at once. */
  value: unknown = undefined;
  index = -1;
  /** Null: its time is not watched yet, or nothing bounds it. */
  private time: RunningTime | null = null;

  constructor(
    readonly frame: Frame,
    readonly spec: BodySpec,
    private readonly owner: BodyOwner,
  ) {}

  begin(): void {
    const { frame, spec } = this;
    frame.pass.live.add(frame);
    if (spec.timeoutMs !== null) frame.runningTime = this;
    let promise: Promise<unknown> | null;
    try {
      promise = callBelow(frame, answerOf, this);
    } catch (error) {
      this.ended(undefined, { error, isCutOff: false });
      return;
    }
    if (promise === null) {
      this.ended(this.value, null);
      return;
    }
    frame.startTime();
    // Not its own `then`, which may be anything: two answers would end two bodies.
    void then.call(
      promise,
      (value: unknown) => this.ended(value, null),
      (error: unknown) => this.ended(undefined, { error, isCutOff: false }),
    );
  }

  /** Most bodies end in the turn in which they begin: nobody has watched their time then. */
  run(): void {
    if (this.time !== null) this.time.run();
    else if (this.index < 0) this.timers.add(this, this.timeoutMs);
  }

  pause(): void {
    this.timers.remove(this);
    this.time?.pause();
  }

  stop(): void {
    this.timers.remove(this);
    this.time?.stop();
  }

  arm(): void {
    this.time = new RunningTime(this.frame.pass.services.clock, this.timeoutMs, this);
    this.time.run();
  }

  private get timeoutMs(): number {
    return this.spec.timeoutMs ?? 0;
  }

  private get timers(): LateTimers {
    return this.frame.pass.services.lateTimers;
  }

  usedUp(): void {
    const { frame } = this;
    if (frame.isDead) return;
    const error = new TimeoutError(
      `step '${namesOf(frame.path)}' of worker '${frame.pass.worker.id}'`,
      this.timeoutMs,
    );
    frame.kill(error);
    frame.pass.replay?.close(frame.path);
    this.tell(undefined, { error, isCutOff: true });
  }

  private ended(value: unknown, failure: Failure | null): void {
    const { frame } = this;
    if (frame.isDead) frame.pass.bodyEnded(frame);
    else if (frame.outstanding === 0) {
      frame.hasReturned = true;
      this.settled(value, failure);
    } else frame.returned(() => this.settled(value, failure));
  }

  /** It has ended, and so have the calls that it made. */
  private settled(value: unknown, failure: Failure | null): void {
    const { frame } = this;
    const counts = !frame.isDead;
    frame.ended();
    frame.pass.bodyEnded(frame);
    if (!counts || !repeatsJournal(frame)) return;
    const { lateFailure } = frame;
    this.tell(
      value,
      failure ?? (lateFailure === null ? null : { error: lateFailure.error, isCutOff: false }),
    );
  }

  /** What bodies give and throw is anything: should it defeat the engine, a person has to look, and nobody else is disturbed. */
  private tell(value: unknown, failure: Failure | null): void {
    const { frame, owner } = this;
    try {
      if (failure === null) owner.bodyReturned(value);
      else owner.bodyThrew(failure.error, failure.isCutOff);
    } catch (error) {
      frame.pass.end({ kind: 'parked', error });
    }
  }
}

/** Runs the body; null when it gave its value at once. Promises of others answer as often and whenever they like: wrapped, once. */
function answerOf(run: BodyRun): Promise<unknown> | null {
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
