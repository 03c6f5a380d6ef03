import type { NewEvent, ScheduleWrite, Verdict } from '../../ports/store-write.js';
import type { StoredSchedule } from '../../ports/stored-schedule.js';

const already: Verdict = Object.freeze({ verdict: 'already' });
const ok: Verdict = Object.freeze({ verdict: 'ok' });
const changed: Verdict = Object.freeze({ verdict: 'rejected', reason: 'schedule-changed' });

/** Schedules by id. */
export class ScheduleTable {
  private readonly byId = new Map<string, StoredSchedule>();

  all(): readonly StoredSchedule[] {
    return Array.from(this.byId.values(), (schedule) => ({ ...schedule }));
  }

  put({ id, version, state }: StoredSchedule): void {
    this.byId.set(id, { id, version, state });
  }

  /** `accept` publishes the event, which has no explicit id: nothing refuses it. */
  write(
    { id, expected, version, state, event }: ScheduleWrite,
    accept: (event: NewEvent) => Verdict,
  ): Verdict {
    const stored = this.byId.get(id)?.version ?? null;
    if (stored === version || (stored === null && state === null)) return already;
    if (stored !== expected) return changed;
    if (state === null) this.byId.delete(id);
    else this.put({ id, version, state });
    // An execution that was there before stays as it is.
    return event === null ? ok : { ...accept(event), verdict: 'ok' };
  }
}
