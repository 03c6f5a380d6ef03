import { Redis } from 'ioredis';
import { connectTo } from '../../../../lib/adapters/redis/redis-client.js';
import { redisStore } from '../../../../lib/adapters/redis/redis-store.js';
import { factsOf } from '../../../../lib/adapters/redis/server-facts.js';
import { checkServers } from '../../../../lib/adapters/redis/server-checks.js';
import type { RedisClient } from '../../../../lib/adapters/redis/redis-client.js';
import { redisDispatcher } from '../../../../lib/app/dispatchers/redis-dispatcher.js';
import { ConfigurationError } from '../../../../lib/model/errors-boot.js';
import { DriverMissingError, StoreUnavailableError } from '../../../../lib/model/errors-store.js';

function mistakesOf(options: unknown, make: (options: never) => unknown = redisStore): readonly string[] {
  try {
    make(options as never);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.mistakes.map(({ option, found, write }) => `${option}: ${found}. ${write}`);
  }
}

describe('options of redisStore()', () => {
  test.each<[unknown, string]>([
    [undefined, 'redisStore(): undefined is no object of options. Write redisStore({ client: new Redis() })'],
    ['redis://me:secret@localhost', "redisStore(): 'redis://…@localhost' is no object of options"],
    [{}, 'redisStore(): client: neither client nor url is there'],
    [{ client: new Redis({ lazyConnect: true }), url: 'redis://x' }, 'client and url are both there'],
    [{ url: 'http://x' }, 'redisStore(): url: it is no redis:// URL'],
    [{ url: 'redis://' }, 'redisStore(): url: it is no redis:// URL'],
    [{ url: 6379 }, 'redisStore(): url: 6379 is not possible'],
    [{ url: 'redis://x', prefix: 'Shop' }, "redisStore(): prefix: 'Shop' is not possible"],
    [{ url: 'redis://x', prefix: '' }, "redisStore(): prefix: '' is not possible"],
    [{ url: 'redis://x', prefix: 'a{b}' }, 'redisStore(): prefix'],
    [{ url: 'redis://x', prefix: 'p'.repeat(65) }, 'redisStore(): prefix'],
    [
      { url: 'redis://x', durability: 'sometimes' },
      `redisStore(): durability: 'sometimes' is not possible. Write 'always'`,
    ],
    [
      { url: 'redis://x', time: 'mine' },
      `redisStore(): time: 'mine' is not possible. Write 'server' or 'app'`,
    ],
    [{ url: 'redis://x', prefx: 'a' }, 'redisStore(): prefx: it is no option. Write prefix'],
    [{ client: {} }, 'redisStore(): client: evalsha, eval, get, set, info, config, duplicate are missing'],
    [{ client: Redis }, 'redisStore(): client: class Redis is not possible. Write new Redis(…)'],
    [{ client: { evalSha() {}, duplicate() {} } }, "This is a client of the package 'redis'"],
    [
      { client: new Redis({ lazyConnect: true, keyPrefix: 'app:' }) },
      `it has keyPrefix 'app:', which would be put before some keys`,
    ],
  ])('%o is told', (options, told) => {
    expect(mistakesOf(options).join('\n')).toContain(told);
  });

  test('all that is wrong is told at once, and no password of a URL', () => {
    const mistakes = mistakesOf({ url: 'redis://:secret@:1:2', time: 1, durability: 2 });
    expect(mistakes).toHaveLength(3);
    expect(mistakes.join()).not.toContain('secret');
  });
});

describe('options of redisDispatcher()', () => {
  test.each<[unknown, string]>([
    ['redis://me:secret@x', "redisDispatcher(): 'redis://…@x' is no object of options. Write { client"],
    [{}, 'redisDispatcher(): client: neither client nor url is there. Write one of them'],
    [{ url: 'http://x' }, 'redisDispatcher(): url: it is no redis:// URL'],
    [{ url: 6379 }, 'redisDispatcher(): url: 6379 is not possible'],
    [
      { url: 'redis://x', prefix: 'Shop' },
      "redisDispatcher(): prefix: 'Shop' is not possible. Write 1 to 64",
    ],
    [{ url: 'redis://x', prefix: 'a{b}' }, 'redisDispatcher(): prefix'],
    [{ url: 'redis://x', prefix: '' }, 'redisDispatcher(): prefix'],
    [{ url: 'redis://x', prefix: 7 }, 'redisDispatcher(): prefix: 7 is not possible'],
    [{ client: {} }, 'redisDispatcher(): client: what was given is not possible. Give an object'],
  ])('%o is told', (options, told) => {
    expect(mistakesOf(options, redisDispatcher).join('\n')).toContain(told);
  });
});

describe('a store with a URL', () => {
  test.each(['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'])(
    'names the package to install (%s)',
    async (code) => {
      const load = () => Promise.reject(Object.assign(new Error('no'), { code }));
      await expect(connectTo('redis://x', 'redisStore()', load)).rejects.toThrow(DriverMissingError);
      await expect(connectTo('redis://x', 'redisStore()', load)).rejects.toThrow(
        'redisStore() needs a package that is not installed: run `npm install ioredis`',
      );
    },
  );

  test('of no server rejects at once, without its password, and leaves nothing open', async () => {
    const store = redisStore({ url: 'redis://:secret@127.0.0.1:1' });
    const context = {
      clock: { now: () => 0, monotonic: () => 0, setTimer: () => ({ cancel() {} }), soon() {} },
      random: { next: () => 0.5 },
      warn: () => undefined,
    };
    const error: unknown = await store.open(context).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect((error as Error).message).not.toContain('secret');
    await expect(store.paused()).rejects.toThrow('call open() first');
  });
});

/** What a server says of itself, as INFO has it. */
function saying(info: string, appendfsync: unknown = new Error('NOPERM')): RedisClient {
  const config = () =>
    appendfsync instanceof Error ? Promise.reject(appendfsync) : Promise.resolve(appendfsync);
  return { info: () => Promise.resolve(info), config } as unknown as RedisClient;
}

describe('a server', () => {
  test.each<[string, string, string | null]>([
    ['Redis 6.0', 'redis_version:6.0.20', 'Redis 6.0.20 is too old: use Redis 6.2 or later, or Valkey'],
    ['Redis 5', 'redis_version:5.9.9', 'is too old'],
    ['a server that does not tell', 'tcp_port:1', 'Redis of an unknown version is too old'],
    ['Redis 6.2', 'redis_version:6.2.0', null],
    ['Redis 10', 'redis_version:10.0.0', null],
    ['Valkey', 'redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.1.0', null],
    ['a replica', 'redis_version:7.0.0\r\nrole:slave', 'the server is a replica'],
    [
      'one that evicts',
      'redis_version:7.0.0\r\nmaxmemory:1000\r\nmaxmemory_policy:allkeys-lru',
      'set maxmemory-policy noeviction',
    ],
    ['one that would evict', 'redis_version:7.0.0\r\nmaxmemory:0\r\nmaxmemory_policy:allkeys-lru', null],
  ])('%s is refused or taken', async (_, info, told) => {
    const answer = checkServers(saying(info), 'none').then(
      () => 'taken',
      (error: Error) => error.message,
    );
    await expect(answer).resolves.toContain(told ?? 'taken');
  });

  test.each<[unknown, string]>([
    [['appendfsync', 'always'], 'always'],
    [['appendfsync', 'everysec'], 'everysec'],
    [['appendfsync', 'no'], 'none'],
    [{ appendfsync: 'always' }, 'always'],
    [[], 'everysec'],
    [new Error('NOPERM'), 'everysec'],
  ])('whose append-only file is synced as %o promises %s', async (answer, durability) => {
    const facts = await factsOf(saying('redis_version:7.0.0\r\naof_enabled:1', answer));
    expect(facts.durability).toBe(durability);
  });

  test('that promises less than it is asked for is refused; what nobody asked for is warned of', async () => {
    const node = saying('redis_version:7.0.0\r\naof_enabled:1', ['appendfsync', 'everysec']);
    await expect(checkServers(node, 'always')).rejects.toThrow(
      "the store was asked for durability 'always', and Redis 7.0.0 has appendfsync everysec",
    );
    await expect(checkServers(node, 'everysec')).resolves.toMatchObject({ warning: null });
    const { warning, durability } = await checkServers(node, undefined);
    expect(warning).toContain("to accept it, write redisStore({ durability: 'everysec' })");
    expect(durability).toBe(
      'Redis 7.0.0, appendfsync everysec (a power cut of the server loses up to two seconds)',
    );
    const always = saying('redis_version:7.0.0\r\naof_enabled:1', ['appendfsync', 'always']);
    await expect(checkServers(always, undefined)).resolves.toMatchObject({ warning: null });
  });

  test('of a cluster is as trusted as the weakest of its primaries', async () => {
    const strong = saying('redis_version:7.0.0\r\naof_enabled:1', ['appendfsync', 'always']);
    const weak = saying('redis_version:7.0.0\r\naof_enabled:0');
    const cluster = { ...strong, isCluster: true, nodes: () => [strong, weak] } as RedisClient;
    await expect(checkServers(cluster, 'always')).rejects.toThrow('no append-only file');
  });
});
