import { UnstorableResultError } from '../model/errors-execution.js';
import { messageOf } from '../model/message-of.js';
import { BUILT_IN, encodeName, namesOf, segment } from '../model/path.js';
import type { RaceCall } from '../ports/current-execution.js';
import type { EncodedValue } from '../ports/codec.js';
import { failureKey } from './checkpoint-key.js';
import { DurableCall } from './durable-call.js';
import { encodeResult } from './encode-result.js';
import { Frame } from './frame.js';
import { giveUpWithin } from './give-up-within.js';
import { runBody } from './run-body.js';

/** What stands before the name of a branch. */
const BRANCH = `${BUILT_IN}branch`;

/**
 * Branches of which the first to settle counts, once it is stored. Each is a body of its own: what the others called goes
 * down with them, what they wait for ends with the commit that stores the winner.
 */
export class RaceRun extends DurableCall {
  private startedAt = 0;
  /** Around all branches: what kills it kills them. */
  private around: Frame | null = null;
  private isOver = false;

  constructor(
    parent: Frame,
    encodedName: string,
    path: string,
    private readonly branches: RaceCall,
    resolve: (value: unknown) => void,
    reject: (error: unknown) => void,
  ) {
    super(parent, encodedName, path, resolve, reject);
  }

  protected run(): void {
    this.startedAt = this.pass.services.clock.now();
    const around = this.frame(this.parent, this.encodedName, this.path);
    this.around = around;
    const frames = this.branches.map(({ name }) => {
      const path = `${this.path}/${segment(BRANCH, encodeName(name), 0)}`;
      around.callBegan();
      return this.frame(around, BRANCH, path);
    });
    for (const { path, scope } of frames) this.pass.replay?.open(path, scope);
    for (const [at, { name, body }] of this.branches.entries())
      if (!this.isOver)
        runBody(
          frames[at] as Frame,
          { timeoutMs: null, args: [], isBranch: true, invoke: () => body() },
          {
            bodyReturned: (value) => this.ended(name, () => this.won(name, value)),
            bodyThrew: (error) => this.ended(name, () => this.fail(error)),
          },
        );
  }

  /** Its calls are the caller's own, but for their path. */
  private frame(parent: Frame, encodedName: string, path: string): Frame {
    const { caller, level, attempt, time } = this.parent;
    const call = { pass: this.pass, parent, path, encodedName, gate: null, settlesAtOnce: false };
    return new Frame(call, caller, level, attempt, time);
  }

  private ended(winner: string, store: () => void): void {
    if (this.isOver || this.parent.isDead) return;
    if (this.pass.isClosing) {
      this.pass.scheduleCheck();
      return;
    }
    this.isOver = true;
    this.stop(winner);
    store();
  }

  /** What the others still do counts no more. */
  private stop(winner: string): void {
    const { pass } = this;
    const reason = new Error(`branch '${winner}' of ${namesOf(this.path)} settled first`);
    this.around?.kill(reason);
    for (const body of pass.live) if (body.isDead) body.abort(reason);
    pass.writes.releaseWithin(this.path);
    giveUpWithin(pass, this.path);
    if (this.isNested) pass.nested.sleepsOver(this.path);
  }

  private won(winner: string, value: unknown): void {
    let encoded: EncodedValue;
    try {
      encoded = encodeResult(this.pass.services, { winner, value });
    } catch (error) {
      const what = `${namesOf(this.path)}/${winner}`;
      this.fail(new UnstorableResultError(this.pass.worker.id, what, messageOf(error)));
      return;
    }
    const row = this.row('completed', this.path, this.startedAt, 1);
    row.value = encoded.text;
    this.copy = encoded.copy;
    this.store(row, null);
  }

  private fail(error: unknown): void {
    const row = this.row('failed', failureKey(this.path, this.parent.scope), this.startedAt, 1);
    row.error = this.pass.services.codec.encodeFailure(error);
    this.store(row, null);
  }
}
