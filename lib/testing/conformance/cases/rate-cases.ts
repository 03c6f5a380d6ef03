import { strict as assert } from 'node:assert';
import { type StoreDriver } from '../store-driver.js';
import { storeCaseGroup } from '../store-case.js';

/** Instants of so many reservations, relative to `from`. */
async function places(d: StoreDriver, count: number, limit: number, perMs: number, from: number) {
  const found: number[] = [];
  for (let i = 0; i < count; i++) found.push((await d.reserve('b', limit, perMs)) - from);
  return found;
}

export const rateCases = storeCaseGroup(
  'rates',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    [
      'an idle bucket has the limit at once, then one place each interval, to the millisecond',
      async (d) => {
        assert.deepEqual(await places(d, 9, 3, 1_000, d.now), [0, 0, 0, 334, 667, 1000, 1334, 1667, 2000]);
      },
    ],
    [
      'a limit of one has a place every so often',
      async (d) => {
        assert.deepEqual(await places(d, 4, 1, 250, d.now), [0, 250, 500, 750]);
      },
    ],
    [
      'places come back as time passes, at most the limit',
      async (d) => {
        const start = d.now;
        await places(d, 4, 4, 1_000, start);
        d.clock.advance(500);
        assert.deepEqual(await places(d, 3, 4, 1_000, start), [500, 500, 750]);
        d.clock.advance(249);
        assert.deepEqual(await places(d, 1, 4, 1_000, start), [1000]);
        d.clock.advance(60_000);
        const now = d.now;
        assert.deepEqual(await places(d, 5, 4, 1_000, now), [0, 0, 0, 0, 250]);
      },
    ],
    [
      'ten thousand places of a limit that divides nothing never run ahead of the rate nor fall behind it',
      async (d) => {
        const start = d.now;
        const writes = Array.from({ length: 1_000 }, () => ({
          kind: 'reserve' as const,
          bucket: 'b',
          limit: 7,
          perMs: 1_000,
        }));
        for (let group = 0, k = 0; group < 10; group++) {
          for (const verdict of await d.store.write(writes)) {
            const at = verdict.verdict === 'ok' ? verdict.at : undefined;
            assert.equal(at, start + Math.max(0, Math.ceil(((k - 6) * 1_000) / 7)), `place ${k}`);
            k++;
          }
        }
      },
    ],
    [
      'buckets do not meet, whatever their names',
      async (d) => {
        for (const name of ['', 'a', 'A', 'a\0', '__proto__', '\ud800', '\ud801'])
          assert.equal(await d.reserve(name, 1, 1_000), d.now, JSON.stringify(name));
      },
    ],
    [
      'another limit holds from the next place on',
      async (d) => {
        const start = d.now;
        assert.deepEqual(await places(d, 3, 2, 1_000, start), [0, 0, 500]);
        assert.deepEqual(await places(d, 2, 10, 1_000, start), [600, 700]);
      },
    ],
    [
      'retention forgets what is idle and nothing else',
      async (d) => {
        const start = d.now;
        const request = { completedBefore: 0, failedBefore: 0, limit: 100 };
        await places(d, 2, 2, 1_000, start);
        d.clock.advance(999);
        assert.equal((await d.store.prune(request)).removed, 0);
        assert.deepEqual(await places(d, 2, 2, 1_000, start), [999, 1000]);
        d.clock.advance(1_001);
        assert.equal((await d.store.prune(request)).removed, 1);
        assert.equal((await d.store.prune(request)).removed, 0);
        assert.deepEqual(await places(d, 3, 2, 1_000, start), [2000, 2000, 2500]);
      },
    ],
  ]),
);
