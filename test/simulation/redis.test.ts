import { describeRedisServers, type RedisServer, startRedis } from '../servers/redis-server.js';
import { runSeed, type SeedOptions, type SeedResult } from './run-seed.js';
import { shareOfCorpus } from './share-of-corpus.js';
import { SimulatedRedis } from './simulated-redis.js';

const only = process.env['HOLDFAST_SEED'];
const first = Number(only ?? process.env['HOLDFAST_FIRST_SEED'] ?? 1);
const many = only === undefined ? shareOfCorpus() : 1;
const keepTrace = only !== undefined;

const seeds = (count: number): readonly number[] => Array.from({ length: count }, (_, at) => first + at);

describeRedisServers('on the scripts of the Redis store', () => {
  let server: RedisServer;
  let runs = 0;
  beforeAll(async () => void (server = await startRedis()));
  afterAll(() => server.stop());

  async function run(seed: number, options: SeedOptions = {}): Promise<SeedResult> {
    const redis = new SimulatedRedis(server.url, `seed-${seed}-${++runs}`);
    try {
      return await runSeed(seed, { keepTrace, ...options, store: redis });
    } finally {
      await redis.close();
    }
  }

  test(`${many} seeds of faults: nothing accepted is lost, nothing reported runs again, all ends as its program says`, async () => {
    for (const seed of seeds(many)) await expect(run(seed)).resolves.toHaveProperty('digest');
  }, 900_000);

  test('healthy processes wait for no sweep, recover nothing, and take work as it falls due', async () => {
    for (const seed of seeds(Math.ceil(many / 10)))
      await expect(run(seed, { healthy: true })).resolves.toHaveProperty('digest');
  }, 300_000);

  test('the same seed gives the same run', async () => {
    for (const seed of seeds(Math.ceil(many / 20))) {
      const [once, again] = [await run(seed), await run(seed)];
      expect([seed, once.digest]).toEqual([seed, again.digest]);
    }
  }, 300_000);
});
