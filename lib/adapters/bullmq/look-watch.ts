import type { Queue } from 'bullmq';

/** Looks remembered; beyond, all are forgotten, and noticed one look later. */
const MOST = 1_000;

/** What BullMQ says of a job that waits no more: a process has it, or it stands in no list. */
const BEGUN_OR_LOST = new Set(['active', 'unknown']);

/**
 * Finds looks that nobody answers any more. A look is known under its id until a process begins it, so that one of them waits
 * at a time. One whose process died before that would keep out all others until BullMQ finds that the job has stalled; one that
 * Redis has lost from its list, and kept otherwise, would for ever.
 */
export class LookWatch {
  /** By queue and look: the job that is known under it. */
  private readonly known = new Map<string, string>();

  /** Takes what BullMQ answered to a look. True: it stands for a job that nobody will begin; another may be sent. */
  async isLeft(queue: Queue, look: string, job: string | null): Promise<boolean> {
    const name = `${queue.name} ${look}`;
    const before = this.known.get(name);
    if (this.known.size >= MOST) this.known.clear();
    if (job === null) this.known.delete(name);
    else this.known.set(name, job);
    if (job === null || before !== job || !BEGUN_OR_LOST.has(await queue.getJobState(job))) return false;
    await queue.removeDeduplicationKey(look);
    return true;
  }
}
