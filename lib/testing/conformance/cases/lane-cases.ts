import { strict as assert } from 'node:assert';
import type { ExecutionId } from '../../../model/ids.js';
import { mails, orders, p2, type StoreDriver } from '../store-driver.js';
import { storeCaseGroup } from '../store-case.js';

async function fill(d: StoreDriver, lane: string, count: number): Promise<ExecutionId[]> {
  const ids: ExecutionId[] = [];
  for (let i = 0; i < count; i++) ids.push(await d.publish({ lane }));
  return ids;
}

/** The lanes of what is claimed one by one. */
async function lanesOneByOne(d: StoreDriver, count: number): Promise<string> {
  const lanes: string[] = [];
  for (let i = 0; i < count; i++) lanes.push((await d.claimOne({ limit: 1 })).record.lane);
  return lanes.join('');
}

function times(text: string, letter: string): number {
  return text.split(letter).length - 1;
}

export const laneCases = storeCaseGroup(
  'lanes',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    [
      'within a lane the older goes first',
      async (d) => {
        const ids = await fill(d, 'a', 5);
        assert.deepEqual(await d.claimedIds(), ids);
      },
    ],
    [
      'within a lane the higher priority goes first, whatever its age',
      async (d) => {
        const low = await d.publish({ lane: 'a', priority: -100 });
        const normal = await d.publish({ lane: 'a', priority: 0 });
        const high = await d.publish({ lane: 'a', priority: 100 });
        assert.deepEqual(await d.claimedIds({ limit: 1 }), [high]);
        assert.deepEqual(await d.claimedIds({ limit: 1 }), [normal]);
        assert.deepEqual(await d.claimedIds({ limit: 1 }), [low]);
      },
    ],
    [
      'equal priorities go by age',
      async (d) => {
        const first = await d.publish({ lane: 'a', priority: 5 });
        const second = await d.publish({ lane: 'a', priority: 5 });
        assert.deepEqual(await d.claimedIds({ limit: 1 }), [first]);
        assert.deepEqual(await d.claimedIds({ limit: 1 }), [second]);
      },
    ],
    [
      'a lane of a thousand does not keep a lane of one waiting',
      async (d) => {
        const events = Array.from({ length: 1_000 }, () => d.event([d.execution({ lane: 'big' })]));
        d.is(await d.publishEvents(...events), 'ok');
        const [small] = await fill(d, 'small', 1);
        const claimed = await d.claimedIds({ limit: 3 });
        assert.ok(claimed.includes(small as ExecutionId), 'the small lane is served within the first round');
      },
    ],
    [
      'one claim serves lanes in turn',
      async (d) => {
        for (const lane of ['a', 'b', 'c']) await fill(d, lane, 4);
        const lanes = (await d.claim({ limit: 6 })).claimed.map(({ record }) => record.lane).join('');
        for (const lane of ['a', 'b', 'c'])
          assert.equal(times(lanes, lane), 2, `two of each lane, found ${lanes}`);
      },
    ],
    [
      'claims of one go on with the rotation',
      async (d) => {
        for (const lane of ['a', 'b', 'c']) await fill(d, lane, 4);
        const lanes = await lanesOneByOne(d, 12);
        for (let round = 0; round < 12; round += 3) {
          assert.equal(
            lanes
              .slice(round, round + 3)
              .split('')
              .sort()
              .join(''),
            'abc',
            `each lane once a round, found ${lanes}`,
          );
        }
      },
    ],
    [
      'the rotation goes on across claimers',
      async (d) => {
        for (const lane of ['a', 'b']) await fill(d, lane, 2);
        const first = (await d.claimOne({ limit: 1 })).record.lane;
        const second = (await d.claimOne({ limit: 1, owner: p2 })).record.lane;
        assert.notEqual(first, second);
      },
    ],
    [
      'an emptied lane leaves the rotation to the others',
      async (d) => {
        await fill(d, 'a', 1);
        await fill(d, 'b', 5);
        await fill(d, 'c', 5);
        const lanes = await lanesOneByOne(d, 7);
        assert.deepEqual([times(lanes, 'a'), times(lanes, 'b'), times(lanes, 'c')], [1, 3, 3]);
      },
    ],
    [
      'priority does not reach across lanes',
      async (d) => {
        for (let i = 0; i < 5; i++) await d.publish({ lane: 'loud', priority: 100 });
        await d.publish({ lane: 'quiet', priority: -100 });
        assert.ok((await lanesList(d, 2)).includes('quiet'));
      },
    ],
    [
      'a lane of several definitions has one turn a round',
      async (d) => {
        for (let i = 0; i < 4; i++) {
          await d.publish({ lane: 's', definition: orders });
          await d.publish({ lane: 's', definition: mails });
          await d.publish({ lane: 't', definition: orders });
        }
        const lanes = await lanesOneByOne(d, 8);
        assert.deepEqual([times(lanes, 's'), times(lanes, 't')], [4, 4]);
      },
    ],
    [
      'lanes of what the caller cannot run take no turn',
      async (d) => {
        for (let i = 0; i < 30; i++) await d.publish({ lane: `other-${i}`, definition: mails });
        const ids = await fill(d, 'a', 3);
        assert.deepEqual(await d.claimedIds({ runnable: [orders], limit: 3 }), ids);
      },
    ],
    [
      'every execution of a thousand lanes is claimed once',
      async (d) => {
        const events = Array.from({ length: 1_000 }, (_, i) =>
          d.event([d.execution({ lane: `lane-${i % 97}` })]),
        );
        await d.publishEvents(...events);
        const seen = new Set<string>();
        for (let more = true; more; ) {
          const answer = await d.claim({ limit: 64 });
          for (const { lease } of answer.claimed) {
            assert.ok(!seen.has(lease.executionId));
            seen.add(lease.executionId);
          }
          more = answer.more;
        }
        assert.equal(seen.size, 1_000);
      },
    ],
  ]),
);

async function lanesList(d: StoreDriver, limit: number): Promise<readonly string[]> {
  return (await d.claim({ limit })).claimed.map(({ record }) => record.lane);
}
