import { setTimeout as pause } from 'node:timers/promises';
import { bootstrap, defineEvent, OnEvent, silentLogger, Step, Worker, type WorkerApp } from 'holdfast';
import { redisStore } from 'holdfast/redis';
import { z } from 'zod';
import { describeRedisServers, type RedisServer, startRedis } from '../servers/redis-server.js';
import { TcpProxy } from '../servers/tcp-proxy.js';

const Asked = defineEvent('asked', z.object({ n: z.number() }));

@Worker({ id: 'answering' })
class Answering {
  @OnEvent(Asked)
  async answer({ n }: { n: number }): Promise<number> {
    return await this.double(n);
  }

  @Step()
  async double(n: number): Promise<number> {
    return 2 * n;
  }
}

/** What befalls the worker's connections: all of them at once. */
const losses = ['close', 'reset', 'restart', 'refused', 'close', 'dropped'] as const;
const RECONNECTS = 50;
const WITHIN_MS = 10_000;
/** A sweep that is not answered, ten seconds until its connection is given up, and the next sweep. */
const SILENT_WITHIN_MS = 6_000 + 10_000 + 6_000 + 3_000;

describeRedisServers('a worker that has lost its connections', () => {
  let server: RedisServer;
  let proxy: TcpProxy;
  let worker: WorkerApp;
  let publisher: WorkerApp;

  beforeAll(async () => {
    server = await startRedis({ appendonly: 'always' });
    proxy = await TcpProxy.open(server.port);
    worker = await bootstrap({
      workers: [Answering],
      store: redisStore({ url: `redis://127.0.0.1:${proxy.port}` }),
      logger: silentLogger,
    });
    await worker.start();
    publisher = await bootstrap({
      role: 'publisher',
      store: redisStore({ url: server.url }),
      logger: silentLogger,
    });
  });
  afterAll(async () => {
    await worker.close();
    await publisher.close();
    await proxy.close();
    await server.stop();
  });

  async function lose(how: (typeof losses)[number]): Promise<void> {
    if (how === 'restart') await server.restart();
    else if (how === 'refused') {
      proxy.refuse(true);
      proxy.cut('reset');
      await pause(300);
      proxy.refuse(false);
    } else if (how === 'dropped') {
      const dropped = proxy.failReply('drop', /evalsha/i);
      await publisher.publish(Asked, { n: 0 });
      await dropped;
      proxy.cut('close');
    } else proxy.cut(how);
  }

  /** Publishes until it is accepted: the server may have been away for the publisher, too. */
  async function ask(n: number): Promise<number> {
    const id = `asked-${n}`;
    const asked = performance.now();
    for (;;)
      try {
        const published = await publisher.publish(Asked, { n }, { id });
        expect(await published.of(Answering, 'answer').result({ timeout: '30s' })).toBe(2 * n);
        return performance.now() - asked;
      } catch (error) {
        if (performance.now() - asked > 30_000) throw error;
        await pause(20);
      }
  }

  it(`finishes a fresh execution within ${WITHIN_MS} ms after each of ${RECONNECTS} reconnects`, async () => {
    const took: [string, number][] = [];
    for (let n = 1; n <= RECONNECTS; n++) {
      const how = losses[n % losses.length] ?? 'close';
      await lose(how);
      took.push([how, await ask(n)]);
    }
    expect(took.filter(([, ms]) => ms > WITHIN_MS)).toEqual([]);
  }, 500_000);

  it('connects anew when nothing arrives any more on connections that stay open', async () => {
    const before = proxy.open;
    expect(before).toBe(2);
    proxy.swallow();
    expect(await ask(1_001)).toBeLessThanOrEqual(SILENT_WITHIN_MS);
    expect(proxy.open).toBeGreaterThan(before);
    // What others change is heard again, too: nothing waits for a sweep any more, whatever the moment.
    let inTime = 0;
    for (let n = 1_002; inTime < 8 && n < 1_040; n++) inTime = (await ask(n)) <= 1_000 ? inTime + 1 : 0;
    expect(inTime).toBe(8);
  }, 60_000);
});
