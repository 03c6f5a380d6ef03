import { isSettled } from '../model/execution.js';
import type { ExecutionId } from '../model/ids.js';
import { isApplied } from './is-applied.js';
import type { Change } from './store.js';
import type { Verdict, Write } from './store-write.js';

/** Settled executions that one change names; of more, any may be settled. */
const MOST_NAMED = 1_000;

/** Whatever may have changed. */
export const anyChange: Change = Object.freeze({ settled: 'unknown', declared: true });

/** Something became due, was let through a gate, or got a message; nothing that others wait for or know. */
export const mereWork: Change = Object.freeze({ settled: Object.freeze([]), declared: false });

/** Subscriptions, pauses or schedules are others now; what was paused may be due. */
export const declaration: Change = Object.freeze({ settled: Object.freeze([]), declared: true });

/** What a group of writes changed, for those who did not send it. */
export function changeOf(writes: readonly Write[], verdicts: readonly Verdict[]): Change {
  const settled: ExecutionId[] = [];
  let declared = false;
  for (const [i, write] of writes.entries()) {
    const verdict = verdicts[i];
    if (verdict === undefined || !isApplied(verdict)) continue;
    if (write.kind === 'schedule') declared = true;
    else if (write.kind === 'commit' && write.delta.record !== null && isSettled(write.delta.record.status))
      settled.push(write.lease.executionId);
  }
  return { settled, declared };
}

/** What changed since it was last taken, whatever number of tellings that were. */
export class GatheredChange {
  private settled: Set<ExecutionId> | 'unknown' = new Set();
  private declared = false;

  add({ settled, declared }: Change): void {
    this.declared ||= declared;
    if (settled === 'unknown' || this.settled === 'unknown') this.settled = 'unknown';
    else {
      for (const id of settled) this.settled.add(id);
      if (this.settled.size > MOST_NAMED) this.settled = 'unknown';
    }
  }

  take(): Change {
    const { settled, declared } = this;
    this.settled = new Set();
    this.declared = false;
    return { settled: settled === 'unknown' ? settled : [...settled], declared };
  }
}
