import type { NewEvent, ScheduleWrite, Verdict } from '../../ports/store-write.js';
import type { StoredSchedule } from '../../ports/stored-schedule.js';
import type { Connection, Statement } from './connection.js';
import { fromStored, toStored } from './stored-text.js';

const already: Verdict = Object.freeze({ verdict: 'already' });
const ok: Verdict = Object.freeze({ verdict: 'ok' });
const refused: Verdict = Object.freeze({ verdict: 'rejected', reason: 'schedule-changed' });

/** Schedules by id. */
export class Schedules {
  /** A schedule was moved on since this was last reset. */
  changed = false;
  private readonly select: Statement<{ version: string }>;
  private readonly selectAll: Statement<StoredSchedule>;
  private readonly replace: Statement<never>;
  private readonly remove: Statement<never>;

  constructor(connection: Connection) {
    this.select = connection.prepare('SELECT version FROM holdfast_schedule WHERE id = ?');
    this.selectAll = connection.prepare('SELECT id, version, state FROM holdfast_schedule');
    this.replace = connection.prepare(
      'INSERT OR REPLACE INTO holdfast_schedule (id, version, state) VALUES (?, ?, ?)',
    );
    this.remove = connection.prepare('DELETE FROM holdfast_schedule WHERE id = ?');
  }

  all(): StoredSchedule[] {
    return this.selectAll.all([]).map(({ id, version, state }) => ({
      id: fromStored(id),
      version: fromStored(version),
      state: fromStored(state),
    }));
  }

  /** `accept` publishes the event, which has no explicit id: nothing refuses it. Call it inside a write transaction. */
  write(
    { id, expected, version, state, event }: ScheduleWrite,
    accept: (event: NewEvent) => Verdict,
  ): Verdict {
    const row = this.select.get([toStored(id)]);
    const stored = row === undefined ? null : fromStored(row.version);
    if (stored === version || (stored === null && state === null)) return already;
    if (stored !== expected) return refused;
    this.changed = true;
    if (state === null) this.remove.run([toStored(id)]);
    else this.replace.run([toStored(id), toStored(version), toStored(state)]);
    // An execution that was there before stays as it is.
    return event === null ? ok : { ...accept(event), verdict: 'ok' };
  }
}
