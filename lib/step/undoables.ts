import type { Checkpoint } from '../model/checkpoint.js';
import { encodedNameOf } from '../model/path.js';
import type { Body } from './body.js';
import type { StepFinder } from './pass-services.js';
import { undoableRows } from './undo-rows.js';

/** What an execution would have to undo if it failed: results that have a compensation and stand. */
export class Undoables {
  private wasSent = false;

  /** `journal`: what earlier passes recorded; `worker`: whose executions these are. */
  constructor(
    private readonly steps: StepFinder,
    private readonly worker: string,
    private readonly journal: readonly Checkpoint[],
  ) {}

  /** The rows are about to be stored. */
  sent(rows: readonly Checkpoint[]): void {
    for (const { kind, path } of rows)
      if (kind === 'completed' && this.compensates(encodedNameOf(path))) this.wasSent = true;
  }

  /** Whether one was recorded, or is about to be. */
  get any(): boolean {
    return this.wasSent || undoableRows(this.journal, (name) => this.compensates(name)).length > 0;
  }

  /** Whether one was recorded, or one of the bodies may give one. */
  mayComeOf(bodies: Iterable<Body>): boolean {
    if (!this.steps.hasCompensations) return false;
    if (this.any) return true;
    for (const { isDead, encodedName } of bodies) if (!isDead && this.compensates(encodedName)) return true;
    return false;
  }

  private compensates(encodedName: string): boolean {
    return this.steps.compensates(this.worker, encodedName);
  }
}
