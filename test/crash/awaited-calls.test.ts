import { join } from 'node:path';
import { bundlePrograms } from '../programs/bundle-programs.js';
import { redisForTests } from '../servers/redis-server.js';
import { callAcross, type CallPlan } from './call-scene.js';

const programs = bundlePrograms(['call']);
const redis = redisForTests();
const CALLS = 1_000;
const right = {
  unanswered: [],
  wrong: [],
  refused: [],
  codes: [0, 0, 0, 0, 0],
  areAcross: true,
  areSoon: true,
};

/** What came of the calls of three processes, of which the first runs nothing. */
async function callsOn(location: CallPlan['location']): Promise<unknown> {
  const report = await callAcross({ program: programs.call, location, calls: CALLS, kills: 6, stops: 2 });
  const calls = Array.from({ length: CALLS }, (_, n) => n);
  return {
    unanswered: calls.filter((n) => report.answers.get(n) === undefined),
    wrong: calls.filter((n) => report.answers.get(n)?.some((value) => value !== 2 * n)),
    // Waiters of a process that ends are told so; nothing else refuses one.
    refused: report.refused.filter((error) => !error.startsWith('AppClosedError')),
    codes: report.codes,
    areAcross: report.across >= Math.floor(CALLS / 3),
    // A lease of 1 s, a sweep of 1 s, and a machine that does other things, too.
    areSoon: report.longestMs < 30_000,
  };
}

test('A16 · A-w2 · case 11: of 1,000 calls across 3 processes that are killed and stopped, each gets its result', async () => {
  expect(await callsOn((folder) => `sqlite:${join(folder, 'calls.db')}`)).toEqual(right);
}, 120_000);

redis.describe('A16 · A-w2 · case 11, on Redis', () => {
  test.each([
    ['whose store tells processes of work', 'redis'],
    ['to which BullMQ hands the work', 'bullmq'],
  ])(
    'of 1,000 calls across 3 processes %s, killed and stopped, each gets its result',
    async (_, kind) => {
      const [url, prefix] = [await redis.url(), redis.prefix()];
      expect(await callsOn(() => `${kind}:${url}#${prefix}`)).toEqual(right);
    },
    120_000,
  );
});
