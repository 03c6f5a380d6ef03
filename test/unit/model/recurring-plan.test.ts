import { instantAfter, instantOfTick, instantsSince } from '../../../lib/model/recurring-plan.js';
import type { Misfire, Overlap } from '../../../lib/model/schedule.js';
import { SeededRandom } from '../../../lib/testing/simulation/seeded-random.js';

const MINUTE = 60_000;
const every = (minutes: number, from = 0) =>
  instantsSince({ intervalMs: minutes * MINUTE, next: () => null }, from * MINUTE);
const misfires: readonly Misfire[] = ['once', 'skip', 'all'];
const overlaps: readonly Overlap[] = ['skip', 'buffer'];

describe('the instants of a job', () => {
  it('of an interval are counted from its start, which is the first', () => {
    const next = every(5, 2);
    expect([next(0), next(2 * MINUTE), next(2 * MINUTE + 1), next(7 * MINUTE)]).toEqual(
      [2, 7, 7, 12].map((minute) => minute * MINUTE),
    );
  });

  it('of an expression are those of the expression', () => {
    const next = instantsSince({ intervalMs: null, next: (after) => after + 7 }, 100);
    expect(next(3)).toBe(10);
  });
});

describe('what a tick stands for', () => {
  const of = (misfire: Misfire, armedAt: number, begunAt: number, jitterMs = 0) => {
    const { at, missed } = instantOfTick(every(5), { misfire, jitterMs }, armedAt * MINUTE, begunAt * MINUTE);
    return [at / MINUTE, missed];
  };

  it('is its own instant when it begins in time, or before it is due', () => {
    for (const misfire of misfires)
      expect([of(misfire, 5, 5), of(misfire, 5, 4)]).toEqual([
        [5, false],
        [5, false],
      ]);
  });

  it('is the newest of those that were missed, none of them, or each by itself', () => {
    expect(of('once', 5, 23)).toEqual([20, false]);
    expect(of('skip', 5, 23)).toEqual([20, true]);
    expect(of('skip', 5, 20.9)).toEqual([20, false]);
    expect(of('skip', 5, 23, 5 * MINUTE)).toEqual([20, false]);
    expect(of('all', 5, 23)).toEqual([5, false]);
  });
});

describe('the tick after one', () => {
  const after = (misfire: Misfire, overlap: Overlap, at: number, begunAt: number, now: number) =>
    (instantAfter(
      every(5),
      { misfire, overlap },
      { at: at * MINUTE, begunAt: begunAt * MINUTE },
      now * MINUTE,
    ) ?? 0) / MINUTE;

  it('is the next instant that comes, or the newest that passed while it ran', () => {
    expect(after('once', 'skip', 5, 5, 6)).toBe(10);
    expect(after('once', 'skip', 5, 5, 17)).toBe(20);
    expect(after('once', 'buffer', 5, 5, 17)).toBe(15);
    expect(after('all', 'skip', 5, 5, 17)).toBe(20);
  });

  it('is the next that was missed before it began, at most 100 of them', () => {
    expect(after('all', 'skip', 5, 23, 24)).toBe(10);
    expect(after('all', 'skip', 0, 5_000, 5_000)).toBe(5_000 - 99 * 5);
  });

  it('is no more where the schedule has ended', () => {
    const policy = { misfire: 'once', overlap: 'skip' } as const;
    expect(instantAfter(() => null, policy, { at: 5, begunAt: 5 }, 9)).toBeNull();
  });

  it('is always later than it, on the grid, and never one that was to be left out', () => {
    const random = new SeededRandom('recurring plan');
    for (let i = 0; i < 2_000; i++) {
      const step = random.int(1, 9);
      const next = every(step);
      const misfire = random.pick(misfires);
      const overlap = random.pick(overlaps);
      const armedAt = random.int(0, 50) * step * MINUTE;
      const begunAt = armedAt + random.int(0, 200) * 7_000;
      const now = begunAt + random.int(0, 200) * 7_000;
      const { at } = instantOfTick(next, { misfire, jitterMs: 0 }, armedAt, begunAt);
      expect(at >= armedAt && at <= begunAt && at % (step * MINUTE) === 0).toBe(true);
      const following = instantAfter(next, { misfire, overlap }, { at, begunAt }, now) ?? 0;
      expect(following > at && following % (step * MINUTE) === 0).toBe(true);
      const mayBePast = overlap === 'buffer' || misfire === 'all';
      expect(following === next(now) || mayBePast).toBe(true);
    }
  });
});
