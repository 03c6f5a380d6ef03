import type { Timer } from '../../../lib/ports/clock.js';
import { RunningTime } from '../../../lib/step/running-time.js';
import { ManualClock } from '../../../lib/testing/manual-clock.js';

function setup(limitMs: number) {
  const clock = new ManualClock();
  const firedAt: number[] = [];
  const time = new RunningTime(clock, limitMs, { usedUp: () => void firedAt.push(clock.monotonic()) });
  return { clock, time, firedAt };
}

test('it fires once, when its time has run', () => {
  const { clock, time, firedAt } = setup(100);
  clock.advance(50);
  time.run();
  time.run();
  clock.advance(500);
  expect(firedAt).toEqual([150]);
});

test('what it waits does not count, however often', () => {
  const { clock, time, firedAt } = setup(100);
  time.run();
  for (const [run, wait] of [
    [10, 5],
    [20, 1_000],
    [30, 7],
  ] as const) {
    clock.advance(run);
    time.pause();
    time.pause();
    clock.advance(wait);
    time.run();
  }
  clock.advance(39);
  expect(firedAt).toEqual([]);
  clock.advance(1);
  expect(firedAt).toEqual([60 + 1_012 + 40]);
});

test('a wait that is longer than its time uses up nothing of it', () => {
  const { clock, time, firedAt } = setup(100);
  time.run();
  clock.advance(60);
  time.pause();
  clock.advance(100_000);
  expect(firedAt).toEqual([]);
  time.run();
  clock.advance(20);
  time.pause();
  clock.advance(10);
  time.run();
  clock.advance(19);
  expect(firedAt).toEqual([]);
  clock.advance(1);
  expect(firedAt).toEqual([100_110]);
});

test('a pause before it runs is none', () => {
  const { clock, time, firedAt } = setup(100);
  time.pause();
  clock.advance(1_000);
  time.run();
  clock.advance(99);
  expect(firedAt).toEqual([]);
  clock.advance(1);
  expect(firedAt).toEqual([1_100]);
});

test('stopped, it holds no timer and never fires', () => {
  const { clock, time, firedAt } = setup(100);
  time.run();
  clock.advance(30);
  time.pause();
  clock.advance(30);
  time.stop();
  expect(clock.nextTimerAt()).toBeNull();
  clock.advance(500);
  expect(firedAt).toEqual([]);
});

/** While it is busy, its timers are late. */
class BusyClock extends ManualClock {
  private readonly due: (() => void)[] = [];
  isBusy = false;

  override setTimer(delayMs: number, callback: () => void): Timer {
    return super.setTimer(delayMs, () => {
      if (this.isBusy) this.due.push(callback);
      else callback();
    });
  }

  calmDown(): void {
    this.isBusy = false;
    for (const callback of this.due.splice(0)) callback();
  }
}

test.each([
  ['during a wait', 5_000, 0],
  ['after a wait', 2_000, 3],
])('what a timer that fires late %s is late by is no wait', (_, waitMs, ranMs) => {
  const clock = new BusyClock();
  const firedAt: number[] = [];
  const time = new RunningTime(clock, 100, { usedUp: () => void firedAt.push(clock.monotonic()) });
  time.run();
  clock.advance(90);
  time.pause();
  clock.isBusy = true;
  clock.advance(waitMs);
  if (ranMs > 0) time.run();
  clock.advance(ranMs);
  clock.calmDown();
  time.run();
  clock.advance(10_000);
  expect(firedAt).toEqual([100 + waitMs]);
});
