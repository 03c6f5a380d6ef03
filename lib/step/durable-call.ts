import type { Checkpoint } from '../model/checkpoint.js';
import { NonDeterminismError } from '../model/errors-execution.js';
import { namesOf } from '../model/path.js';
import type { DecodedCopy } from '../ports/codec.js';
import { inThisContext } from '../ports/current-execution.js';
import type { Rejection, Verdict } from '../ports/store-write.js';
import type { Frame } from './frame.js';
import type { PassEnd } from './pass-end.js';
import { NewRow } from './new-row.js';
import type { Committer, StepEffects } from './pass-writes.js';
import type { Deferred, Pass } from './pass.js';

/** What calls and bodies have in common. */
interface Sibling {
  readonly parent?: Frame | null;
  readonly encodedName?: string;
}

/** One durable call of user code: replayed when it was recorded, else begun when replay has settled. */
export abstract class DurableCall implements Deferred, Committer {
  readonly pass: Pass;
  /** What user code awaits. */
  promise: Promise<unknown> | null = null;
  /** Of the value in this call's own completed row, where encoding it gave one. */
  protected copy: DecodedCopy | null = null;
  /** Begins it where it was called, once replay has settled. */
  private starting: (() => void) | null = null;
  /** The row of its result, once there is one. */
  private result: Checkpoint | null = null;
  /** What the commit of that row does besides. */
  effects: StepEffects | null = null;

  constructor(
    readonly parent: Frame,
    readonly encodedName: string,
    readonly path: string,
    private readonly resolve: (value: unknown, row: Checkpoint) => void,
    private readonly reject: (error: unknown, row: Checkpoint) => void,
  ) {
    this.pass = parent.pass;
  }

  begin(): void {
    this.parent.callBegan();
    const { replay } = this.pass;
    if (this.isNested && this.pass.nested.take(this.path, (row) => this.settle(row))) return;
    if (replay === null) {
      this.run();
      return;
    }
    const recorded = replay.take(this.path, this.parent.scope);
    if (recorded !== null) this.settle(recorded);
    else {
      this.starting = inThisContext(() => this.startHere());
      this.pass.defer(this);
    }
  }

  /** Called by a step, not by the handler. */
  protected get isNested(): boolean {
    return this.parent.level > 0;
  }

  start(): void {
    this.starting?.();
  }

  private startHere(): void {
    if (this.parent.isDead) return;
    const leftover = this.unexpectedLeftover();
    if (leftover.length === 0) {
      this.pass.replay?.begins(this.path);
      this.run();
    } else this.pass.end({ kind: 'parked', error: this.misfit(leftover) });
  }

  /** Begins what was never recorded. */
  protected abstract run(): void;

  /** Lets a stored result into user code, in journal order; that of a sequential handler, beside which nothing else can settle, at once. */
  protected settle(row: Checkpoint): void {
    const { parent, pass } = this;
    const alone = parent.parent === null && parent.outstanding === 1 && pass.replay === null;
    if (!(alone || parent.settlesAtOnce) || !pass.isQuiet) pass.queue.add(row.seq, () => this.letIn(row));
    else {
      this.letIn(row);
      // It may have been the last that ran: what is left waits, and holds no slot.
      if (!pass.waits.empty) pass.scheduleCheck();
    }
  }

  private letIn(row: Checkpoint): void {
    this.pass.replay?.settled(row);
    if (!this.parent.isDead) this.deliver(row);
  }

  private deliver(row: Checkpoint): void {
    let result: unknown;
    try {
      result = this.decode(row);
    } catch (error) {
      this.pass.end({ kind: 'parked', error });
      return;
    }
    if (row.kind === 'completed') {
      this.parent.callSettled(row.endedAt, null);
      this.resolve(result, row);
    } else {
      this.pass.stepFailures.add(result, namesOf(this.path));
      this.parent.callSettled(row.endedAt, { error: result });
      // It is journalled, and fails the execution when nobody looks: it must not end the process as well.
      this.promise?.catch(() => {});
      this.reject(result, row);
    }
  }

  protected decode(row: Checkpoint): unknown {
    const { codec } = this.pass.services;
    if (row.kind !== 'completed') return codec.decodeFailure(row.error ?? '');
    if (this.copy !== null) return this.copy.value;
    return row.value === null ? undefined : codec.decode(row.value);
  }

  /** Stores the result, then lets it into user code, or withholds it when the pass only finishes what runs. */
  protected store(row: Checkpoint, effects: StepEffects | null): void {
    this.result = row;
    this.effects = effects;
    const end = row.kind === 'completed' && !this.pass.isClosing ? this.closes(row) : null;
    if (end !== null) {
      this.pass.endWith(row, end, () => this.stored(row));
      return;
    }
    if (this.isNested) this.pass.nested.submitted(row);
    this.pass.writes.commit([row], this);
  }

  judged(verdict: Verdict): void {
    this.pass.writes.judged(this, verdict);
  }

  unjudged(): void {
    this.pass.writes.lost();
  }

  committed(): void {
    const row = this.result as Checkpoint;
    this.pass.writes.newest = row;
    if (this.isNested) this.pass.nested.stored(row);
    this.stored(row);
    if (this.parent.isDead) return;
    if (this.parent.parent === null && this.pass.yielding) this.pass.withhold();
    else this.settle(row);
  }

  refused(rejection: Rejection): void {
    if (this.isNested) this.pass.nested.refused(this.result as Checkpoint);
    if (!this.parent.isDead) this.effectsRefused(rejection);
  }

  /** Its result is stored, and goes into user code next. */
  protected stored(_row: Checkpoint): void {}

  /** The commit of its result was refused, for what it does besides. */
  protected effectsRefused(_rejection: Rejection): void {}

  /** How the pass ends with this result, when nothing is left to do after it: both are stored in one commit. */
  protected closes(_row: Checkpoint): PassEnd | null {
    return null;
  }

  /** A journal row of this call. */
  protected row(kind: Checkpoint['kind'], key: string, startedAt: number, attempt: number): NewRow {
    return new NewRow(this.pass, this.path, kind, key, startedAt, attempt);
  }

  private unexpectedLeftover(): readonly string[] {
    const { replay } = this.pass;
    if (replay === null || !this.parent.isStrict || replay.knows(this.path)) return [];
    const leftover = replay.leftover(this.parent.path, this.encodedName);
    return leftover.length > 0 && !this.hasSibling() ? leftover : [];
  }

  /** Another call of that name is under way: it may be the one whose result is still missing. */
  private hasSibling(): boolean {
    const isSibling = (other: object): boolean =>
      other !== this &&
      (other as Sibling).parent === this.parent &&
      (other as Sibling).encodedName === this.encodedName;
    return this.pass.deferredCalls.some(isSibling) || this.pass.live.some(isSibling);
  }

  private misfit(leftover: readonly string[]): NonDeterminismError {
    const recorded = [...new Set(leftover.map(namesOf))].slice(0, 3).join(', ');
    return new NonDeterminismError(
      `${this.pass.handler.id} called step '${namesOf(this.path)}' with arguments that were not recorded, while recorded ` +
        `calls of it were not repeated (${recorded}). Bring back the code that recorded them and resume(), or forget ` +
        `them by retry({ from: '${namesOf(leftover[0] ?? this.path)}' })`,
    );
  }
}
