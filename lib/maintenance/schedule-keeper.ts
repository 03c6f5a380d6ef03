import type { GroupWriter } from '../engine/group-writer.js';
import type { Clock } from '../ports/clock.js';
import type { IdGenerator } from '../ports/id-generator.js';
import type { Store } from '../ports/store.js';
import { type ScheduleState, knownSchedule } from './schedule-state.js';

/** How long a schedule outlives the last process that declared it. */
const KEPT_MS = 10 * 60_000;
/** The same for one that somebody holds: it must not run by itself when its app is back from a longer pause. */
const PAUSED_KEPT_MS = 7 * 24 * 3_600_000;
const PAUSE_MS = 60_000;

/**
 * Retires the schedules that no live process has declared for ten minutes, or seven days while they are held: their methods
 * are gone, or renamed.
 */
export class ScheduleKeeper {
  private nextAt: number | null = null;

  constructor(
    private readonly parts: {
      readonly store: Pick<Store, 'schedules' | 'processes'>;
      readonly writer: Pick<GroupWriter, 'write'>;
      readonly ids: IdGenerator;
      readonly clock: Clock;
    },
  ) {}

  /** Looks once a minute at most. */
  async retire(): Promise<void> {
    const { store, clock } = this.parts;
    const now = clock.now();
    const isTime = this.nextAt !== null && now >= this.nextAt;
    if (isTime || this.nextAt === null) this.nextAt = now + PAUSE_MS;
    if (!isTime) return;
    const stored = await store.schedules();
    if (stored.length === 0) return;
    const declared = new Set(
      (await store.processes())
        .filter(({ role }) => role !== 'publisher')
        .flatMap(({ schedules = [] }) => schedules.map(({ id }) => id)),
    );
    for (const each of stored) {
      const { id, version, state } = knownSchedule(each);
      const { orphanedAt } = state;
      if (declared.has(id)) {
        if (orphanedAt !== null) await this.write(id, version, { ...state, orphanedAt: null });
      } else if (orphanedAt === null) await this.write(id, version, { ...state, orphanedAt: now });
      else if (now - orphanedAt >= (state.isPaused ? PAUSED_KEPT_MS : KEPT_MS))
        await this.write(id, version, null);
    }
  }

  private async write(id: string, expected: string, state: ScheduleState | null): Promise<void> {
    const text = state === null ? null : JSON.stringify(state);
    const version = this.parts.ids.next();
    await this.parts.writer.write({ kind: 'schedule', id, expected, version, state: text, event: null });
  }
}
