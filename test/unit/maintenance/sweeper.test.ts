import { Sweeper } from '../../../lib/maintenance/sweeper.js';
import { ManualClock } from '../../../lib/testing/manual-clock.js';

const TOOK_MS = 100;

/** A sweeper, once a second, of one task, and when that ran, ms. */
function sweeperOf(answer: (runs: number) => unknown) {
  const clock = new ManualClock();
  const ranAt: number[] = [];
  const faults: string[] = [];
  const sweeper = new Sweeper({
    clock,
    random: { next: () => 0.5 },
    observer: { emit: ({ name }) => void faults.push(name), wants: () => true },
    intervalMs: () => 1_000,
    tasks: [
      {
        name: 'task',
        run: async () => {
          ranAt.push(clock.monotonic());
          await Promise.resolve();
          clock.advance(TOOK_MS);
          return answer(ranAt.length);
        },
      },
    ],
  });
  /** Lets a sweep that is due run to its end. */
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms);
    for (let turn = 0; turn < 30; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  sweeper.start();
  return { sweeper, pass, ranAt, faults };
}

test('a task that has no more to do runs once in each interval', async () => {
  const { sweeper, pass, ranAt } = sweeperOf(() => false);
  for (let sweeps = 0; sweeps < 3; sweeps++) await pass(1_000);
  await sweeper.stop();
  expect(ranAt).toEqual([1_000, 2_100, 3_200]);
});

test('one that has more goes on for half an interval, and the next sweep comes as much sooner', async () => {
  const { sweeper, pass, ranAt } = sweeperOf(() => true);
  await pass(1_000);
  expect(ranAt).toEqual([1_000, 1_100, 1_200, 1_300, 1_400, 1_500]);
  await pass(499);
  expect(ranAt).toHaveLength(6);
  await pass(1);
  expect(ranAt[6]).toBe(2_100);
  await sweeper.stop();
});

test('it ends at once where nothing is left, where it fails, and when the sweeper is halted', async () => {
  const done = sweeperOf((runs) => runs < 3);
  await done.pass(1_000);
  expect(done.ranAt).toHaveLength(3);
  await done.sweeper.stop();

  const failing = sweeperOf((runs) => (runs < 3 ? true : Promise.reject(new Error('down'))));
  await failing.pass(1_000);
  expect([failing.ranAt.length, failing.faults]).toEqual([3, ['app.fault']]);
  await failing.sweeper.stop();

  const halted = sweeperOf((runs) => {
    if (runs === 2) halted.sweeper.halt();
    return true;
  });
  await halted.pass(1_000);
  await halted.pass(10_000);
  expect(halted.ranAt).toHaveLength(2);
});

test('one that begins again while its last sweep is under way sweeps once in each interval', async () => {
  let end: (() => void) | null = null;
  const first = new Promise<void>((resolve) => (end = resolve));
  const { sweeper, pass, ranAt } = sweeperOf(async () => {
    await first;
    return false;
  });
  await pass(1_000);
  expect(ranAt).toEqual([1_000]);
  const stopped = sweeper.stop();
  sweeper.start();
  end!();
  await stopped;
  for (let sweeps = 0; sweeps < 3; sweeps++) await pass(1_000);
  await sweeper.stop();
  await pass(5_000);
  expect(ranAt).toEqual([1_000, 2_100, 3_200, 4_300]);
});
