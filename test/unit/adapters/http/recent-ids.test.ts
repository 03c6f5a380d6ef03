import { RecentIds } from '../../../../lib/adapters/http/recent-ids.js';

test('an id is new once within the window, and again after it', () => {
  const recent = new RecentIds(100);
  expect([
    recent.add('a', 0),
    recent.add('b', 50),
    recent.add('a', 100),
    recent.add('a', 101),
    recent.add('b', 120),
  ]).toEqual([true, true, false, true, false]);
});

test('no more than 10,000 are remembered, the newest', () => {
  const recent = new RecentIds(1_000);
  for (let at = 0; at < 50_000; at++) recent.add(`id ${at}`, 0);
  expect([recent.add('id 49999', 0), recent.add('id 41000', 0), recent.add('id 1', 0)]).toEqual([
    false,
    false,
    true,
  ]);
});
