import { bootstrap, ConfigurationError, defineEvent, OnEvent, STORE, silentLogger, Worker } from 'holdfast';
import { z } from 'zod';
import { describeRedisServers, startRedis, type RedisServer } from '../servers/redis-server.js';

const Greeted = defineEvent('greeted', z.object({ name: z.string() }));

@Worker('greeter')
class Greeter {
  @OnEvent(Greeted)
  async greet({ name }: { name: string }): Promise<string> {
    return `hello ${name}`;
  }
}

const names = ['HOLDFAST_STORE_URL', 'REDIS_HOST', 'REDIS_PORT', 'REDIS_PASSWORD'] as const;
const before = names.map((name) => [name, process.env[name]] as const);
afterEach(() => {
  for (const [name, value] of before) {
    Reflect.deleteProperty(process.env, name);
    if (value !== undefined) process.env[name] = value;
  }
});

describeRedisServers('a Redis that environment variables name', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis({ args: ['--requirepass', 'p@ss/word'] });
  });
  afterAll(() => server.stop());

  test.each<[string, (port: number) => Readonly<Record<string, string>>]>([
    ['by its URL', (port) => ({ HOLDFAST_STORE_URL: `redis://:p%40ss%2Fword@127.0.0.1:${port}` })],
    [
      'by its parts (A30)',
      (port) => ({
        HOLDFAST_STORE_URL: 'redis:',
        REDIS_HOST: '127.0.0.1',
        REDIS_PORT: String(port),
        REDIS_PASSWORD: 'p@ss/word',
      }),
    ],
  ])('%s is the store of an app', async (_, env) => {
    Object.assign(process.env, env(server.port));
    const app = await bootstrap({ workers: [Greeter], logger: silentLogger });
    await app.start();
    try {
      expect(app.get(STORE).durability).toMatch(/^Redis \d/);
      expect(await app.execute(Greeted, { name: 'ada' })).toEqual(['hello ada']);
    } finally {
      await app.close();
    }
  });
});

test('an address that cannot be is told as the mistake of the variable, without its password', async () => {
  process.env['HOLDFAST_STORE_URL'] = 'redis://:secret@host:port';
  const error: unknown = await bootstrap({ logger: silentLogger }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ConfigurationError);
  expect((error as Error).message).toContain('HOLDFAST_STORE_URL');
  expect((error as Error).message).not.toContain('secret');
});
