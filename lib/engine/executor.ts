import { releaseOf } from './conclude.js';
import { withDueClock } from './due-clock.js';
import { RunningPass } from './running-pass.js';
import type { ExecutorOptions, Run, Work } from './work.js';

/** Begins passes: one for each execution that this process has taken. */
export class Executor {
  constructor(private readonly options: ExecutorOptions) {}

  /** Starts the pass; null when the handler is not known any more. Never throws. */
  execute(work: Work): Run | null {
    const known = this.options.definitions.takerOf(work.record, work.journal);
    if (known === null) return null;
    return new RunningPass(withDueClock(this.options, work), known, work);
  }

  /** Hands back what was never begun. */
  release({ lease, record }: Work): void {
    const delta = { commitNo: 1, checkpoints: [], record: releaseOf(record), publish: null, release: [] };
    this.options.services.writer.submit(
      { kind: 'commit', lease, delta },
      () => {},
      () => {},
    );
  }
}
