import { redisForTests } from '../servers/redis-server.js';
import { runSample } from './run-sample.js';

const redis = redisForTests();

redis.describe('samples/bull-board', () => {
  test('shows what waits, and what another process has done', async () => {
    process.env['REDIS_URL'] ??= await redis.url();
    const { code, stdout, stderr } = await runSample('bull-board');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [before, ...others] = stdout.trim().split('\n');
    expect(before).toBe('before a worker runs: queue reports has 4 to do, 0 delayed, 0 done');
    expect(others.slice(0, 4)).toEqual([
      'Ada: 300 rows, by the worker process',
      'Grace: 500 rows, by the worker process',
      'Edsger: 600 rows, by the worker process',
      'Barbara: 700 rows, by the worker process',
    ]);
    expect(others[4]).toMatch(/^afterwards: queue reports has 0 to do, 0 delayed, ([4-9]|\d\d) done$/);
  }, 30_000);
});
