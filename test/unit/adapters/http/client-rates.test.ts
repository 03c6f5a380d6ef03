import { ClientRates } from '../../../../lib/adapters/http/client-rates.js';

const MINUTE = 60_000;

test('takes the limit at once, then as many in each period, and says how long the next one waits', () => {
  const rates = new ClientRates({ limit: 3, perMs: MINUTE });
  expect([1, 2, 3].map(() => rates.take('a', 5))).toEqual([0, 0, 0]);
  expect(rates.take('a', 5)).toBeCloseTo(20_000);
  expect(rates.take('a', 15_005)).toBeCloseTo(5_000);
  expect([rates.take('a', 20_005), rates.take('a', 20_005) > 0]).toEqual([0, true]);
});

test('what is refused does not count, and no client uses up the limit of another', () => {
  const rates = new ClientRates({ limit: 1, perMs: 1_000 });
  rates.take('a', 0);
  for (let at = 0; at < 1_000; at++) expect(rates.take('a', at)).toBeGreaterThan(0);
  expect([rates.take('b', 999), rates.take('a', 1_000)]).toEqual([0, 0]);
});

test('over an hour a client gets its limit and what comes at once, not more', () => {
  const rates = new ClientRates({ limit: 7, perMs: 1_000 });
  let taken = 0;
  for (let now = 0; now < 3_600_000; now += 13) if (rates.take('a', now) === 0) taken++;
  expect(taken).toBeGreaterThan(3_600 * 7 - 7);
  expect(taken).toBeLessThanOrEqual(3_600 * 7 + 7);
});

test('who has been quiet is forgotten, and never are more remembered than 10,000, however long their names', () => {
  const rates = new ClientRates({ limit: 2, perMs: 1_000 });
  for (let at = 0; at < 25_000; at++) rates.take(`${at}${'x'.repeat(at % 2 === 0 ? 0 : 10_000)}`, 0);
  expect(rates.size).toBe(10_000);
  rates.take('later', 2_000);
  expect(rates.size).toBe(1);
});

test('long names are not one for beginning alike', () => {
  const rates = new ClientRates({ limit: 1, perMs: 1_000 });
  expect([rates.take('x'.repeat(500), 0), rates.take('x'.repeat(501), 0)]).toEqual([0, 0]);
  expect(rates.take('x'.repeat(500), 0)).toBeGreaterThan(0);
});
