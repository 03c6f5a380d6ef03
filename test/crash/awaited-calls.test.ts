import { join } from 'node:path';
import { bundlePrograms } from '../programs/bundle-programs.js';
import { redisForTests } from '../servers/redis-server.js';
import { callAcross, type CallPlan } from './call-scene.js';

const programs = bundlePrograms(['call']);
const redis = redisForTests();
const CALLS = 1_000;

async function expectAnswers(location: CallPlan['location']): Promise<void> {
  const report = await callAcross({ program: programs.call, location, calls: CALLS, kills: 6, stops: 2 });
  const calls = Array.from({ length: CALLS }, (_, n) => n);
  expect(calls.filter((n) => report.answers.get(n) === undefined)).toEqual([]);
  expect(calls.filter((n) => report.answers.get(n)?.some((value) => value !== 2 * n))).toEqual([]);
  // One of them runs nothing.
  expect(report.across).toBeGreaterThanOrEqual(Math.floor(CALLS / 3));
  // Waiters of a process that ends are told so; nothing else refuses one.
  expect(report.refused.filter((error) => !error.startsWith('AppClosedError'))).toEqual([]);
  expect(report.codes).toEqual(report.codes.map(() => 0));
  expect(report.codes).toHaveLength(5);
  // A lease of 1 s, a sweep of 1 s, and a machine that does other things, too.
  expect(report.longestMs).toBeLessThan(15_000);
}

test('A16 · A-w2 · case 11: of 1,000 calls across 3 processes that are killed and stopped, each gets its result', async () => {
  await expectAnswers((folder) => `sqlite:${join(folder, 'calls.db')}`);
}, 120_000);

redis.describe('A16 · A-w2 · case 11, on Redis', () => {
  test.each([
    ['whose store tells processes of work', 'redis'],
    ['to which BullMQ hands the work', 'bullmq'],
  ])(
    'of 1,000 calls across 3 processes %s, killed and stopped, each gets its result',
    async (_, kind) => {
      const [url, prefix] = [await redis.url(), redis.prefix()];
      await expectAnswers(() => `${kind}:${url}#${prefix}`);
    },
    120_000,
  );
});
