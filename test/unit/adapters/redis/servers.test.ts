import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { systemClock } from '../../../../lib/adapters/system/system-clock.js';
import { redisDispatcher } from '../../../../lib/app/dispatchers/redis-dispatcher.js';
import { scripts } from '../../../../lib/adapters/redis/lua/scripts.js';
import { type RedisStore, redisStore } from '../../../../lib/adapters/redis/redis-store.js';
import type { RedisStoreOptions } from '../../../../lib/adapters/redis/redis-options.js';
import {
  StoreIncompatibleError,
  StoreRegressionError,
  StoreUnavailableError,
} from '../../../../lib/model/errors-store.js';
import type { EventId, ExecutionId, ProcessId } from '../../../../lib/model/ids.js';
import type { Change } from '../../../../lib/ports/store.js';
import type { Write } from '../../../../lib/ports/store-write.js';
import { describeRedisServers, type RedisServer, startRedis } from '../../../servers/redis-server.js';

const definition = { id: 'w.m', fingerprint: 'f' };
const process = { id: 'p' as ProcessId, deployment: 'd', role: 'both', definitions: [definition] } as const;
const all = { owner: process.id, runnable: [definition], limit: 10 };

function publish(id: string): Write {
  return {
    kind: 'publish',
    events: [
      {
        id: `event-${id}` as EventId,
        name: 'e',
        session: null,
        dedup: null,
        executions: [
          {
            id: id as ExecutionId,
            definition,
            input: '{}',
            schemaHash: null,
            lane: 'd:w.m',
            priority: 0,
            depth: 0,
            dueAt: null,
            owner: null,
            gate: null,
            listening: ['cancel'],
          },
        ],
      },
    ],
  };
}

describeRedisServers('the Redis store and its server', () => {
  const ends: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  async function server(options: Parameters<typeof startRedis>[0] = {}): Promise<RedisServer> {
    const started = await startRedis(options);
    ends.push(() => started.stop());
    return started;
  }

  function clientOf({ url }: Pick<RedisServer, 'url'>, options = {}): Redis {
    const client = new Redis(url, { maxRetriesPerRequest: 1, ...options });
    client.on('error', () => undefined);
    ends.push(() => client.disconnect());
    return client;
  }

  async function opened(
    options: RedisStoreOptions,
    clock = systemClock,
  ): Promise<{ store: RedisStore; warnings: string[] }> {
    const warnings: string[] = [];
    const store = redisStore(options);
    await store.open({ clock, random: { next: () => 0.5 }, warn: (message) => warnings.push(message) });
    ends.push(() => store.close());
    return { store, warnings };
  }

  async function until(what: () => boolean | Promise<boolean>): Promise<void> {
    for (let tries = 0; tries < 400; tries++) {
      if (await what()) return;
      await new Promise((next) => setTimeout(next, 25));
    }
    throw new Error('it never came to be');
  }

  test('the client of the application is used, and neither closed nor changed nor subscribed on', async () => {
    const redis = await server();
    const client = clientOf(redis);
    const { store } = await opened({ client });
    const options = { ...client.options };
    store.onChange(() => undefined);
    await store.write([publish('a')]);
    await store.close();
    expect(client.status).toBe('ready');
    expect(client.mode).toBe('normal');
    expect(client.options).toEqual(options);
    expect(await client.ping()).toBe('PONG');
    await until(async () => Number(/connected_clients:(\d+)/.exec(await client.info('clients'))?.[1]) === 1);
  });

  test('every key is below the prefix, in one slot', async () => {
    const redis = await server();
    const client = clientOf(redis);
    const { store } = await opened({ client, prefix: 'shop:test' });
    await store.heartbeat(process, 1_000);
    await store.write([publish('a')]);
    await store.claim(all);
    const keys = await client.keys('*');
    expect(keys.length).toBeGreaterThan(5);
    expect(keys.filter((key) => !key.startsWith('{shop:test}:'))).toEqual([]);
  });

  test('scripts that the server has forgotten are sent again', async () => {
    const client = clientOf(await server());
    const { store } = await opened({ client });
    await store.write([publish('a')]);
    await client.script('FLUSH');
    expect(await store.write([publish('b')])).toMatchObject([{ verdict: 'ok' }]);
    expect(await store.list({ limit: 10 })).toHaveLength(2);
  });

  test('durability is what the server is set to, and a server that may evict is refused', async () => {
    const always = await opened({ url: (await server({ appendonly: 'always' })).url, durability: 'always' });
    expect(always.store.durability).toMatch(/^Redis \S+, appendfsync always/);
    expect(always.warnings).toEqual([]);
    const evicting = await server({ maxmemory: '50mb', maxmemoryPolicy: 'allkeys-lru' });
    await expect(opened({ url: evicting.url })).rejects.toThrow(StoreIncompatibleError);
    const plain = await server();
    await expect(opened({ url: plain.url, durability: 'everysec' })).rejects.toThrow(StoreIncompatibleError);
    const { warnings } = await opened({ url: plain.url });
    expect(warnings).toEqual([expect.stringContaining('no append-only file')]);
  });

  test('what another version, or something else, has stored there is refused', async () => {
    const redis = await server();
    const client = clientOf(redis);
    await opened({ client, durability: 'none' });
    expect(await client.get('{holdfast}:version')).toBe('1');
    await client.set('{holdfast}:version', '2');
    await expect(opened({ client, durability: 'none' })).rejects.toThrow('has layout 2');
    await client.set('{holdfast}:version', 'mine');
    await expect(opened({ client, durability: 'none' })).rejects.toThrow('not one of Holdfast');
  });

  test('a user with the rights that docs/redis.md lists can do all of it', async () => {
    const client = clientOf(await server());
    await client.call('ACL', ...documentedAcl());
    const url = `redis://holdfast:secret@127.0.0.1:${client.options.port}`;
    const { store, warnings } = await opened({ url, durability: 'none' });
    expect(warnings).toEqual([]);
    const heard: Change[] = [];
    store.onChange((change) => heard.push(change));
    const { store: other } = await opened({ url, durability: 'none' });
    await other.heartbeat(process, 60_000);
    await other.write([publish('a')]);
    expect((await other.claim(all)).claimed).toHaveLength(1);
    await until(() => heard.length > 0);
    await other.prune({ completedBefore: 0, failedBefore: 0, limit: 10 });
    await expect(clientOf({ url }).set('elsewhere', '1')).rejects.toThrow('NOPERM');
  });

  test('a user without rights to the channel is warned of, and writes and takes all the same', async () => {
    const client = clientOf(await server());
    await client.call('ACL', ...documentedAcl().filter((word) => !word.startsWith('&')));
    const url = `redis://holdfast:secret@127.0.0.1:${client.options.port}`;
    const { store, warnings } = await opened({ url, durability: 'none' });
    expect(warnings).toEqual([expect.stringContaining('cannot subscribe')]);
    await store.heartbeat(process, 60_000);
    expect(await store.write([publish('a')])).toMatchObject([{ verdict: 'ok' }]);
    expect((await store.claim(all)).claimed).toHaveLength(1);
  });

  test('a server that lost acknowledged writes is told of, and this process stores nothing more', async () => {
    const redis = await server();
    const { store, warnings } = await opened({ url: redis.url, durability: 'none' });
    await store.heartbeat(process, 60_000);
    await store.write([publish('a')]);
    await redis.restart();
    let told: unknown;
    await until(async () => {
      told = await store.heartbeat(process, 60_000).catch((error: unknown) => error);
      return !(told instanceof StoreUnavailableError);
    });
    expect(told).toBeInstanceOf(StoreRegressionError);
    expect(warnings).toEqual([expect.stringContaining('lost at least 2 writes')]);
    await expect(store.write([publish('b')])).rejects.toThrow(StoreRegressionError);
    await expect(store.claim(all)).rejects.toThrow(StoreRegressionError);
    expect(await store.list({ limit: 10 })).toEqual([]);
    expect(warnings).toHaveLength(1);
    const { store: next } = await opened({ url: redis.url, durability: 'none' });
    expect(await next.write([publish('b')])).toMatchObject([{ verdict: 'ok' }]);
  });

  test('a server that is killed and keeps its writes loses nothing, and what was missed may be anything', async () => {
    const redis = await server({ appendonly: 'always' });
    const { store } = await opened({ url: redis.url });
    const heard: Change[] = [];
    store.onChange((change) => heard.push(change));
    await store.heartbeat(process, 60_000);
    await store.write([publish('a')]);
    await redis.kill();
    const began = systemClock.monotonic();
    await expect(store.write([publish('b')])).rejects.toThrow(StoreUnavailableError);
    expect(systemClock.monotonic() - began).toBeLessThan(3_000);
    await redis.start();
    await until(async () => (await store.write([publish('b')]).catch(() => [])).length > 0);
    expect(await store.list({ limit: 10 })).toHaveLength(2);
    await until(() => heard.some(({ settled, declared }) => settled === 'unknown' && declared));
  });

  test('a subscription that breaks off while its connection comes back is a fault that somebody takes', async () => {
    const redis = await server({ appendonly: 'always' });
    const client = clientOf(redis);
    const subscribers: Redis[] = [];
    const duplicate = client.duplicate.bind(client);
    client.duplicate = (options) => {
      const subscriber = duplicate(options);
      subscribers.push(subscriber);
      return subscriber;
    };
    await opened({ client });
    const dispatcher = redisDispatcher({ client });
    await dispatcher.start(async () => undefined);
    ends.push(() => dispatcher.close());
    let broken = 0;
    const back = subscribers.map((subscriber) => {
      // What a connection says of a command when it is closed before the answer.
      subscriber.subscribe = () => {
        broken++;
        return Promise.reject(new Error('Connection is closed.'));
      };
      return new Promise((next) => subscriber.once('ready', next));
    });
    await redis.restart();
    await Promise.all(back);
    await until(() => broken >= 2);
    expect(await client.ping()).toBe('PONG');
  });

  test('how often it has written is remembered for a day from when it asked, and asked for again after an hour', async () => {
    const { url } = await server();
    let aheadMs = 0;
    const clock = { ...systemClock, monotonic: () => systemClock.monotonic() + aheadMs };
    const { store } = await opened({ url, durability: 'none' }, clock);
    const client = new Redis(url);
    ends.push(() => client.disconnect());
    const keptAfterWrite = async (id: string): Promise<number> => {
      await store.write([publish(id)]);
      const [key] = await client.keys('{holdfast}:beat:*');
      const kept = await client.pttl(key ?? '');
      await client.pexpire(key ?? '', 1_000_000);
      return kept;
    };
    expect(await keptAfterWrite('a')).toBeGreaterThan(86_000_000);
    expect(await keptAfterWrite('b')).toBeLessThanOrEqual(1_000_000);
    aheadMs = 3_700_000;
    expect(await keptAfterWrite('c')).toBeGreaterThan(86_000_000);
    expect(await keptAfterWrite('d')).toBeLessThanOrEqual(1_000_000);
  });

  test('by the clock of the server, instants are its own, and how far it is ahead is told', async () => {
    const behindMs = 3_600_000;
    const clock = { ...systemClock, now: () => systemClock.now() - behindMs };
    const { store } = await opened({ url: (await server()).url, durability: 'none' }, clock);
    await store.heartbeat(process, 60_000);
    const dueAt = systemClock.now() + 600_000;
    const write = publish('later');
    const [event] = write.kind === 'publish' ? write.events : [];
    const executions = event?.executions.map((execution) => ({ ...execution, dueAt })) ?? [];
    await store.write([{ kind: 'publish', events: event === undefined ? [] : [{ ...event, executions }] }]);
    const { nextAt } = await store.claim(all);
    expect(nextAt).toBe(dueAt);
    expect(Math.abs((store.aheadMs ?? 0) - behindMs)).toBeLessThan(1_000);
  });
});

/** The arguments of the ACL line on the page. */
function documentedAcl(): [string, ...string[]] {
  const page = readFileSync(join(__dirname, '../../../../docs/redis.md'), 'utf8');
  const line = /^ACL (SETUSER .+)$/m.exec(page)?.[1];
  if (line === undefined) throw new Error('docs/redis.md has no line ACL SETUSER');
  return line.replace('>password', '>secret').split(/\s+/) as [string, ...string[]];
}

test('docs/redis.md names every key that scripts write', () => {
  const page = readFileSync(join(__dirname, '../../../../docs/redis.md'), 'utf8');
  const named = Object.values(scripts)
    .flatMap((text) => [...text.matchAll(/root \.\. \(?'([a-z]+:?[cf]?)/g)])
    .map(([, name]) => name ?? '');
  expect(new Set(named).size).toBeGreaterThan(30);
  const known = [...new Set(named)].filter((name) => name !== 'changes');
  expect(known.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});
