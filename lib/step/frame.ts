import type { ExecutionContext } from '../model/execution-context.js';
import { segment } from '../model/path.js';
import type {
  AnewCall,
  CurrentExecution,
  InlineCall,
  RaceCall,
  RunCall,
  StateCall,
  StepCall,
  WaitCall,
} from '../ports/current-execution.js';
import type { NextTurn } from '../ports/store-write.js';
import type { Body } from './body.js';
import { MadeCalls } from './made-calls.js';
import type { Pass } from './pass.js';
import { StopSignal } from './stop-signal.js';
import { turnId } from './turn-id.js';

/** Begins the durable calls that user code makes. */
export interface Caller {
  contextOf(frame: Frame): ExecutionContext;
  step(frame: Frame, call: StepCall): Promise<unknown>;
  inline(frame: Frame, call: InlineCall): Promise<unknown>;
  sleep(frame: Frame, ms: number): Promise<void>;
  waitFor(frame: Frame, call: WaitCall): Promise<unknown>;
  race(frame: Frame, call: RaceCall): Promise<unknown>;
  run(frame: Frame, call: RunCall): Promise<unknown>;
  continueAsNew(frame: Frame, call: AnewCall): Promise<never>;
  publish(frame: Frame, requests: () => unknown): Promise<unknown>;
  state(frame: Frame, call: StateCall): Promise<unknown>;
}

/** What a frame's body is of: the handler, or a call of another body. */
export interface FramedCall {
  readonly pass: Pass;
  readonly parent: Frame | null;
  readonly path: string;
  readonly encodedName: string;
  /** The name of the gate that gives each of its bodies a permit; null: none does. */
  readonly gate: string | null;
  /** Nobody's code sees the order in which its calls settle: they do so at once. */
  readonly settlesAtOnce: boolean;
}

/** Bounds the time of a body. */
export interface BodyTime {
  run(): void;
  pause(): void;
  stop(): void;
}

/** What is left of a body that returned before its calls had settled. */
interface Late {
  /** A call failed: the body fails with it. */
  failure: { readonly error: unknown } | null;
  /** Runs when they have settled. */
  readonly goOn: () => void;
}

/** One running body, of a handler or a step: where durable calls made below it belong. */
export class Frame implements CurrentExecution, Body {
  readonly pass: Pass;
  readonly parent: Frame | null;
  readonly path: string;
  outstanding = 0;
  previousBody: Body | null = null;
  nextBody: Body | null = null;
  /** Bounds this attempt; null: nothing does. Stands still while every call that the body made waits. */
  runningTime: BodyTime | null = null;
  /** What the execution goes on with when this body has ended; null: its value. */
  next: NextTurn | null = null;
  /** The body gave its outcome; calls that it did not await may still be under way. */
  hasReturned = false;
  /** Its body is about to be entered through the method that calls would go through. */
  entry: string | null = null;
  private dead = false;
  /** Calls it made that wait for an instant. */
  private waiting = 0;
  private dormant = false;
  private madeCalls: MadeCalls | null = null;
  private late: Late | null = null;
  private stopSignal: StopSignal | null = null;
  private userContext: ExecutionContext | null = null;

  constructor(
    private readonly call: FramedCall,
    readonly caller: Caller,
    /** How many steps it is nested in; 0 for the handler. */
    readonly level: number,
    readonly attempt: number,
    /** Time as the body sees it: that of the last result it got. */
    public time: number,
  ) {
    this.pass = call.pass;
    this.parent = call.parent;
    this.path = call.path;
  }

  get encodedName(): string {
    return this.call.encodedName;
  }

  get settlesAtOnce(): boolean {
    return this.call.settlesAtOnce;
  }

  /** Attempts of this body and those around it, outermost first: names which failures belong to it. */
  get scope(): string {
    const { parent, attempt } = this;
    if (parent === null) return String(attempt);
    // Branches of a race are no attempts of their own.
    return this.level === parent.level ? parent.scope : `${parent.scope}.${attempt}`;
  }

  /** A call failed after the body had returned: the body fails with it. */
  get lateFailure(): Late['failure'] {
    return this.late?.failure ?? null;
  }

  get context(): ExecutionContext {
    this.userContext ??= this.caller.contextOf(this);
    return this.userContext;
  }

  /** Equal for every attempt of a call; one that failed for good or was undone, and is retried by hand, gets a new one. */
  get idempotencyKey(): string {
    const { pass, path } = this;
    const voidIn = pass.replay?.lastVoidEpoch(path) ?? null;
    const key = `${turnId(pass.record)}/${pass.outsidePath(path)}`;
    return voidIn === null ? key : `${key}@${voidIn + 1}`;
  }

  get app(): object {
    return this.pass.services.publisher();
  }

  get isDead(): boolean {
    return this.dead || this.pass.ended !== null || (this.parent?.isDead ?? false);
  }

  /**
   * Only the handler must repeat what was recorded, a step's body may read the world; and only in its first attempt: a
   * failure that was retried may lead elsewhere.
   */
  get isStrict(): boolean {
    return this.parent === null && this.attempt === 1 && this.pass.isStrict;
  }

  /** How many permits of that gate this body and those around it hold: they keep them until what they call has ended. */
  heldOf(gate: string): number {
    return (this.call.gate === gate ? 1 : 0) + (this.parent?.heldOf(gate) ?? 0);
  }

  get signal(): AbortSignal {
    return (this.stopSignal ??= new StopSignal()).signal;
  }

  step(call: StepCall): Promise<unknown> {
    return this.caller.step(this, call);
  }

  inline(call: InlineCall): Promise<unknown> {
    return this.caller.inline(this, call);
  }

  sleep(ms: number): Promise<void> {
    return this.caller.sleep(this, ms);
  }

  waitFor(call: WaitCall): Promise<unknown> {
    return this.caller.waitFor(this, call);
  }

  race(call: RaceCall): Promise<unknown> {
    return this.caller.race(this, call);
  }

  run(call: RunCall): Promise<unknown> {
    return this.caller.run(this, call);
  }

  continueAsNew(call: AnewCall): Promise<never> {
    return this.caller.continueAsNew(this, call);
  }

  publish(requests: () => unknown): Promise<unknown> {
    return this.caller.publish(this, requests);
  }

  state(call: StateCall): Promise<unknown> {
    return this.caller.state(this, call);
  }

  /** The digest of a call's encoded arguments. */
  digestOf(text: string): string {
    return this.calls.digestOf(text);
  }

  /** The path of the next call with that name and digest. */
  nextPath(encodedName: string, digest: string): string {
    return `${this.path}/${segment(encodedName, digest, this.calls.ordinal(encodedName, digest))}`;
  }

  private get calls(): MadeCalls {
    return (this.madeCalls ??= new MadeCalls());
  }

  /** The body goes on after its synchronous part: from here on its time counts. */
  startTime(): void {
    if (!this.dormant && !this.isDead) this.runningTime?.run();
  }

  /** It made a call. */
  callBegan(): void {
    this.outstanding++;
    this.watchDormancy();
  }

  /** A call that it made waits for an instant: a sleep, a retry, or a step all of whose calls wait. */
  callWaits(): void {
    this.waiting++;
    this.watchDormancy();
  }

  /** The wait is over. */
  callRuns(): void {
    this.waiting--;
    this.watchDormancy();
  }

  /** A call settled: user code of this body goes on. */
  callSettled(at: number, failure: { readonly error: unknown } | null): void {
    this.outstanding--;
    this.watchDormancy();
    if (at > this.time) this.time = at;
    if (this.late === null) return;
    this.late.failure ??= failure;
    if (this.outstanding === 0) this.late.goOn();
  }

  /** The body returned while calls that it did not await are under way; `then` runs when they have settled too. */
  returned(then: () => void): void {
    this.hasReturned = true;
    this.late = { failure: this.lateFailure, goOn: then };
    this.pass.scheduleCheck();
  }

  /** Nothing the body still does counts any more. */
  kill(reason: unknown): void {
    this.dead = true;
    this.ended();
    this.abort(reason);
  }

  /** The body gave its outcome, or none is wanted any more. */
  ended(): void {
    this.runningTime?.stop();
    if (this.dormant) this.parent?.callRuns();
    this.dormant = false;
    // Branches that nobody awaited may go on: what they call now belongs to nothing.
    this.dead = true;
  }

  abort(reason: unknown): void {
    this.runningTime?.stop();
    this.askToStop(reason);
  }

  /** Its time goes on: one that does not heed the signal ends by its timeout. */
  askToStop(reason: unknown): void {
    (this.stopSignal ??= new StopSignal()).abort(reason);
  }

  private watchDormancy(): void {
    if (this.runningTime === null && this.parent === null) return;
    const dormant = this.outstanding > 0 && this.waiting === this.outstanding;
    if (dormant === this.dormant || this.dead) return;
    this.dormant = dormant;
    if (dormant) {
      this.runningTime?.pause();
      this.parent?.callWaits();
    } else {
      this.runningTime?.run();
      this.parent?.callRuns();
    }
  }
}
