import { releaseOf } from './conclude.js';
import { withDueClock } from './due-clock.js';
import { RunningPass } from './running-pass.js';
import type { ExecutorOptions, Run, RunOwner, Work } from './work.js';

/** Begins passes: one for each execution that this process has taken. */
export class Executor {
  constructor(private readonly options: ExecutorOptions) {}

  /** Starts the pass; null when the handler is not known any more. Never throws. `owner` is told later, never from within. */
  execute(work: Work, owner: RunOwner): Run | null {
    const known = this.options.definitions.takerOf(work.record, work.journal);
    if (known === null) return null;
    return new RunningPass(withDueClock(this.options, work), known, work, owner);
  }

  /** Hands back what was never begun; resolves when that is stored, or is not. */
  release({ lease, record }: Work): Promise<void> {
    const delta = { commitNo: 1, checkpoints: [], record: releaseOf(record), publish: null, release: [] };
    return new Promise((resolve) => {
      const told = { judged: () => resolve(), unjudged: () => resolve() };
      this.options.services.writer.submit({ kind: 'commit', lease, delta }, told);
    });
  }
}
