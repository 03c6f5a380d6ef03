import type { ProcessId } from '../../model/ids.js';

/** Tells another process that lives from one that was killed and whose lease has not ended: only the first renews. */
export class PeerWatch {
  private ends: ReadonlyMap<ProcessId, number> = new Map();

  /** Whether one of others has renewed its lease since the last look. `ends`: of each lease that has not ended, when it does. */
  sees(ends: ReadonlyMap<ProcessId, number>, own: ReadonlySet<ProcessId>): boolean {
    const before = this.ends;
    this.ends = ends;
    for (const [id, end] of ends) if (!own.has(id) && end > (before.get(id) ?? end)) return true;
    return false;
  }
}
