import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { bundlePrograms } from '../programs/bundle-programs.js';
import { describeRedisServers, redisForTests, type RedisServer, startRedis } from './redis-server.js';

const bundle = bundlePrograms(['holder'], __dirname);
const shared = redisForTests();

shared.describe('the Redis that test files share', () => {
  it('answers, and is the same for whoever asks again', async () => {
    const url = await shared.url();
    expect(await redisForTests().url()).toBe(url);
    const client = new Redis(url);
    expect(await client.ping()).toBe('PONG');
    client.disconnect();
  });

  it('gives every test keys of its own', () => {
    expect(shared.prefix()).not.toBe(shared.prefix());
  });
});

describeRedisServers('a Redis server of one test', () => {
  const started: RedisServer[] = [];
  const start = async (...options: Parameters<typeof startRedis>): Promise<RedisServer> => {
    const server = await startRedis(...options);
    started.push(server);
    return server;
  };
  const ask = async (server: RedisServer, ...[command, ...args]: [string, ...string[]]): Promise<unknown> => {
    const client = new Redis(server.url);
    try {
      return await client.call(command, ...args);
    } finally {
      client.disconnect();
    }
  };
  afterEach(async () => {
    for (const server of started.splice(0)) await server.stop();
  });

  it('keeps what it had acknowledged over a kill with appendonly always', async () => {
    const server = await start({ appendonly: 'always' });
    await ask(server, 'SET', 'a', '1');
    await server.restart();
    expect(await ask(server, 'GET', 'a')).toBe('1');
  });

  it('has forgotten everything after a kill without append-only file', async () => {
    const server = await start();
    await ask(server, 'SET', 'a', '1');
    await server.restart();
    expect(await ask(server, 'GET', 'a')).toBeNull();
  });

  it('takes limits', async () => {
    const server = await start({ maxmemory: '100mb', maxmemoryPolicy: 'allkeys-lru' });
    expect(await ask(server, 'CONFIG', 'GET', 'maxmemory-policy')).toEqual([
      'maxmemory-policy',
      'allkeys-lru',
    ]);
  });

  it('refuses connections once it was killed, and leaves no folder once it was stopped', async () => {
    const server = await start();
    await server.kill();
    await expect(once(connect(server.port, '127.0.0.1'), 'connect')).rejects.toThrow(/ECONNREFUSED/);
    await server.stop();
    expect(existsSync(server.dir)).toBe(false);
  });

  it('says why it could not start', async () => {
    await expect(startRedis({ args: ['--maxmemory-policy', 'none-such'] })).rejects.toThrow(
      /none-such|argument/,
    );
  });

  it('ends with the process that started it, even one that was killed, and its folder goes too', async () => {
    const child = fork(bundle.holder, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const [{ pid, dir }] = (await once(child, 'message')) as [{ pid: number; dir: string }];
    expect(isAlive(pid)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    for (let waited = 0; (isAlive(pid) || existsSync(dir)) && waited < 5_000; waited += 20) await pause(20);
    expect([isAlive(pid), existsSync(dir)]).toEqual([false, false]);
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
