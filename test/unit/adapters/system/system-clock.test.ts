import { systemClock } from '../../../../lib/adapters/system/system-clock.js';

const DELAY_MS = 5_000;

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

/** Sets timers named by their places, all in one turn; whoever is named in `cancelled` is cancelled in that turn, in that order. */
function firedOf(count: number, cancelled: readonly number[]): readonly number[] {
  const fired: number[] = [];
  const timers = Array.from({ length: count }, (_, at) =>
    systemClock.setTimer(DELAY_MS, () => void fired.push(at)),
  );
  for (const at of cancelled) timers[at]?.cancel();
  jest.advanceTimersByTime(DELAY_MS + 1);
  return fired.toSorted((a, b) => a - b);
}

describe('timers of a second or more that are set in one turn', () => {
  it.each([
    [[], [0, 1, 2, 3]],
    [[0], [1, 2, 3]],
    [[3], [0, 1, 2]],
    [
      [1, 2],
      [0, 3],
    ],
    [
      [1, 1, 3],
      [0, 2],
    ],
    [[3, 2, 1, 0], []],
  ])('fire unless they were cancelled: without %j', (cancelled, fired) => {
    expect(firedOf(4, cancelled)).toEqual(fired);
  });

  it('may be set again when all were cancelled', () => {
    expect(firedOf(2, [0, 1])).toEqual([]);
    expect(firedOf(1, [])).toEqual([0]);
  });

  it('may be cancelled in a later turn', () => {
    let isFired = false;
    const timer = systemClock.setTimer(DELAY_MS, () => (isFired = true));
    jest.advanceTimersByTime(1);
    timer.cancel();
    jest.advanceTimersByTime(DELAY_MS);
    expect(isFired).toBe(false);
  });
});
