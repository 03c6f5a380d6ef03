import { RegressionWatch } from '../../../../lib/adapters/redis/regression-watch.js';
import { StoreRegressionError } from '../../../../lib/model/errors-store.js';
import { ManualClock } from '../../../../lib/testing/manual-clock.js';

const hourMs = 60 * 60 * 1_000;

function watching() {
  const warnings: string[] = [];
  const clock = new ManualClock();
  const watch = new RegressionWatch((message) => warnings.push(message), clock);
  return { warnings, watch, clock };
}

test('counts that grow, whatever the server did beside, are no loss', () => {
  const { watch, warnings } = watching();
  for (const count of [1, 2, 5, 6]) watch.sent().answered(count);
  expect(warnings).toEqual([]);
});

test('answers that come in another order than they were made in are no loss', () => {
  const { watch, warnings } = watching();
  watch.sent().answered(1);
  const [first, second] = [watch.sent(), watch.sent()];
  second.answered(3);
  first.answered(2);
  watch.sent().answered(4);
  expect(warnings).toEqual([]);
});

test('who has not written for long expects no count: the server may have forgotten it', () => {
  const { watch, warnings, clock } = watching();
  watch.sent().answered(10);
  clock.advance(11 * hourMs);
  watch.sent().answered(11);
  clock.advance(13 * hourMs);
  watch.sent().answered(1);
  expect(() => watch.sent().answered(1)).toThrow(StoreRegressionError);
  expect(warnings).toHaveLength(1);
});

test('nor does one whose machine slept: the clock that nobody sets stood still', () => {
  let now = 0;
  const watch = new RegressionWatch(() => undefined, { now: () => now, monotonic: () => 5 });
  watch.sent().answered(10);
  now = 25 * hourMs;
  expect(() => watch.sent().answered(1)).not.toThrow();
});

test.each([1, 8, 10])('a count of %i after 10 is a loss: told once, and refused from then on', (count) => {
  const { watch, warnings } = watching();
  watch.sent().answered(10);
  const [first, second] = [watch.sent(), watch.sent()];
  expect(() => first.answered(count)).toThrow(StoreRegressionError);
  expect(() => second.answered(count + 1)).toThrow(StoreRegressionError);
  expect(() => watch.sent()).toThrow(`lost at least ${11 - count} write`);
  expect(() => watch.refuse()).toThrow(StoreRegressionError);
  expect(warnings).toHaveLength(1);
});

test('the server is asked to remember the count with the first write, and an hour after it was last asked', () => {
  const { watch, clock } = watching();
  const asks = (): boolean => {
    const sent = watch.sent();
    sent.answered((count += 1));
    return sent.asksToRemember;
  };
  let count = 0;
  expect([asks(), asks()]).toEqual([true, false]);
  clock.advance(hourMs);
  expect(asks()).toBe(false);
  clock.advance(1);
  expect([asks(), asks()]).toEqual([true, false]);
});

test('what was not answered may not have been heard: the next write asks again', () => {
  const { watch } = watching();
  watch.sent();
  const again = watch.sent();
  again.answered(1);
  expect(again.asksToRemember).toBe(true);
  expect(watch.sent().asksToRemember).toBe(false);
});
