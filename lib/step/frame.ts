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
import { digestOf } from './digest.js';
import type { Body } from './body.js';
import type { Pass } from './pass.js';
import type { RunningTime } from './running-time.js';
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

export interface FrameOptions {
  readonly pass: Pass;
  readonly caller: Caller;
  readonly parent: Frame | null;
  readonly path: string;
  readonly encodedName: string;
  /** Attempts of this body and those around it, outermost first: names which failures belong to it. */
  readonly scope: string;
  readonly attempt: number;
  /** Time as the body sees it at first. */
  readonly time: number;
  /** The name of the gate that gave this body a permit. Default null: none did. */
  readonly gate?: string | null;
  /** Default: one more than the parent's. */
  readonly level?: number;
  /** Nobody's code sees the order in which its calls settle: they do so at once. Default false. */
  readonly settlesAtOnce?: boolean;
}

/** One running body, of a handler or a step: where durable calls made below it belong. */
export class Frame implements CurrentExecution, Body {
  readonly pass: Pass;
  readonly parent: Frame | null;
  readonly path: string;
  readonly encodedName: string;
  readonly scope: string;
  readonly attempt: number;
  /** How many steps it is nested in; 0 for the handler. */
  readonly level: number;
  readonly settlesAtOnce: boolean;
  readonly gate: string | null;
  /** Time as the body sees it: that of the last result it got. */
  time: number;
  outstanding = 0;
  previousBody: Body | null = null;
  nextBody: Body | null = null;
  /** Bounds this attempt; null: nothing does. Stands still while every call that the body made waits. */
  runningTime: RunningTime | null = null;
  /** A call failed after the body had returned: the body fails with it. */
  lateFailure: { readonly error: unknown } | null = null;
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
  private abortedFor: { readonly reason: unknown } | null = null;
  private readonly caller: Caller;
  /** How many calls had that path, but for their ordinal. */
  private ordinals: Map<string, number> | null = null;
  /** Calls of one body often have the same arguments: the newest ones, and their digest. */
  private digested = '';
  private digest = '';
  private whenQuiet: (() => void) | null = null;
  private controller: AbortController | null = null;
  private userContext: ExecutionContext | null = null;

  constructor(options: FrameOptions) {
    this.pass = options.pass;
    this.caller = options.caller;
    this.parent = options.parent;
    this.path = options.path;
    this.encodedName = options.encodedName;
    this.scope = options.scope;
    this.attempt = options.attempt;
    this.level = options.level ?? (options.parent === null ? 0 : options.parent.level + 1);
    this.settlesAtOnce = options.settlesAtOnce ?? false;
    this.gate = options.gate ?? null;
    this.time = options.time;
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
    return this.pass.services.publishing();
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
    return (this.gate === gate ? 1 : 0) + (this.parent?.heldOf(gate) ?? 0);
  }

  get signal(): AbortSignal {
    if (this.controller === null) {
      this.controller = new AbortController();
      if (this.abortedFor !== null) this.controller.abort(this.abortedFor.reason);
    }
    return this.controller.signal;
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
    if (text !== this.digested) {
      this.digest = digestOf(text);
      this.digested = text;
    }
    return this.digest;
  }

  /** The path of the next call with that name and digest. */
  nextPath(encodedName: string, digest: string): string {
    const first = `${this.path}/${segment(encodedName, digest, 0)}`;
    this.ordinals ??= new Map();
    const ordinal = this.ordinals.get(first) ?? 0;
    this.ordinals.set(first, ordinal + 1);
    return ordinal === 0 ? first : `${this.path}/${segment(encodedName, digest, ordinal)}`;
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
    if (this.hasReturned && failure !== null) this.lateFailure ??= failure;
    if (this.hasReturned && this.outstanding === 0) this.whenQuiet?.();
  }

  /** The body returned while calls that it did not await are under way; `then` runs when they have settled too. */
  returned(then: () => void): void {
    this.hasReturned = true;
    this.whenQuiet = then;
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
    this.abortedFor ??= { reason: reason ?? undefined };
    this.controller?.abort(this.abortedFor.reason);
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
