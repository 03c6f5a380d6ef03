import { releaseOf } from './conclude.js';
import { RunningPass } from './running-pass.js';
import type { ExecutorOptions, Run, Work } from './work.js';

/** One pass over an execution: load, run, commit, release. */
export class Executor {
  constructor(private readonly options: ExecutorOptions) {}

  /** Starts the pass; null when the handler is not known any more. Never throws. */
  execute(work: Work): Run | null {
    const known = this.options.definitions.handler(work.record.definition.id);
    if (known === null) return null;
    return new RunningPass(this.options, known, work);
  }

  /** Hands back what was never begun. */
  release(work: Work): void {
    this.options.services.writer.submit(
      releaseOf(work),
      () => {},
      () => {},
    );
  }
}
