import fc from 'fast-check';
import { nextTick } from '../../../lib/maintenance/next-tick.js';
import type { ScheduleState } from '../../../lib/maintenance/schedule-state.js';
import type { Misfire, Overlap, SchedulePolicy } from '../../../lib/model/schedule.js';

const MINUTE = 60_000;

function policy(misfire: Misfire, overlap: Overlap = 'skip', every = 5 * MINUTE): SchedulePolicy {
  return {
    print: 'p',
    intervalMs: null,
    timing: 't',
    next: (after) => (Math.floor(after / every) + 1) * every,
    misfire,
    overlap,
    startImmediately: false,
    jitterMs: 0,
  };
}

function state(nextAt: number | null, bufferedAt: number | null = null): ScheduleState {
  return {
    print: 'p',
    timing: 't',
    former: [],
    nextAt,
    isPaused: false,
    last: null,
    bufferedAt,
    orphanedAt: null,
  };
}

describe('what a schedule does next', () => {
  it('is nothing before its instant, also when the clock went back', () => {
    expect(nextTick(state(5 * MINUTE), policy('once'), 5 * MINUTE - 1, false)).toBeNull();
    expect(nextTick(state(null), policy('once'), 5 * MINUTE, false)).toBeNull();
  });

  it('is its instant, when that has come', () => {
    expect(nextTick(state(5 * MINUTE), policy('once'), 5 * MINUTE, false)).toEqual({
      runs: 5 * MINUTE,
      nextAt: 10 * MINUTE,
      bufferedAt: null,
      cancels: false,
      skipped: null,
    });
  });

  it('is one that is a minute late, and not one that is later, where missed ones are skipped', () => {
    const at = (lateMs: number) => nextTick(state(5 * MINUTE), policy('skip'), 5 * MINUTE + lateMs, false);
    expect(at(MINUTE)).toMatchObject({ runs: 5 * MINUTE, skipped: null });
    expect(at(MINUTE + 1)).toMatchObject({
      runs: null,
      nextAt: 10 * MINUTE,
      skipped: { at: 5 * MINUTE, reason: 'misfire' },
    });
  });

  it('is what waits for the execution before it as soon as that has ended, and then the next', () => {
    const waiting = state(15 * MINUTE, 10 * MINUTE);
    expect(nextTick(waiting, policy('once', 'buffer'), 12 * MINUTE, true)).toBeNull();
    expect(nextTick(waiting, policy('once', 'buffer'), 12 * MINUTE, false)).toMatchObject({
      runs: 10 * MINUTE,
      nextAt: 15 * MINUTE,
      bufferedAt: null,
    });
  });

  it('is its newest instant alone where that cancels the one before, whatever an earlier deployment has buffered', () => {
    const waiting = state(15 * MINUTE, 10 * MINUTE);
    expect(nextTick(waiting, policy('once', 'cancel'), 15 * MINUTE, true)).toMatchObject({
      runs: 15 * MINUTE,
      bufferedAt: null,
      cancels: true,
    });
  });

  it('waits with what was missed until the execution before has ended', () => {
    expect(nextTick(state(5 * MINUTE), policy('all'), 30 * MINUTE, true)).toBeNull();
    expect(nextTick(state(5 * MINUTE), policy('all', 'allow'), 30 * MINUTE, true)).toMatchObject({
      runs: 5 * MINUTE,
    });
  });

  it('is the newest of what was missed, and of those that are kept the oldest, however many passed', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 10, max: 100 * MINUTE }),
        fc.integer({ min: 0, max: 365 * 24 * 60 * MINUTE }),
        fc.integer({ min: 1, max: 1_000 }),
        (every, downMs, count) => {
          const first = count * every;
          const now = first + downMs;
          const due = Math.floor(now / every) * every;
          const once = nextTick(state(first), policy('once', 'skip', every), now, false);
          expect(once).toMatchObject({ runs: due, nextAt: due + every });
          const all = nextTick(state(first), policy('all', 'skip', every), now, false);
          const runs = Math.max(first, due - 99 * every);
          expect(all).toMatchObject({ runs, nextAt: runs + every });
        },
      ),
      { numRuns: 200 },
    );
  });
});
