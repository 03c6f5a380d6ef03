import { setTimeout as pause } from 'node:timers/promises';
import { bootstrap, defineEvent, type Logger, OnEvent, STORE, Worker, type WorkerApp } from 'holdfast';
import { redisStore } from 'holdfast/redis';
import { z } from 'zod';
import { describeRedisServers, startRedis } from '../servers/redis-server.js';

const Noted = defineEvent('noted', z.object({ n: z.number() }));
const EVENTS = 40;

@Worker({ id: 'notes' })
class Notes {
  @OnEvent(Noted)
  async note({ n }: { n: number }): Promise<number> {
    return n;
  }
}

/** An app, and what it warned the operator of. */
async function started(
  url: string,
): Promise<{ readonly app: WorkerApp; readonly warnings: readonly string[] }> {
  const warnings: string[] = [];
  const ignore = (): void => undefined;
  const warn = (message: string, details?: object): void =>
    void warnings.push(`${message} ${JSON.stringify(details)}`);
  const logger: Logger = { debug: ignore, info: ignore, warn, error: ignore };
  const app = await bootstrap({ workers: [Notes], store: redisStore({ url }), logger });
  await app.start();
  return { app, warnings };
}

/** What a process that comes later finds. */
async function stored(url: string): Promise<number> {
  const app = await bootstrap({ role: 'publisher', store: redisStore({ url, durability: 'none' }) });
  try {
    return (await app.get(STORE).list({ limit: 1_000 })).length;
  } finally {
    await app.close();
  }
}

async function publishAll(app: WorkerApp): Promise<void> {
  for (let n = 0; n < EVENTS; n++) {
    const published = await app.publish(Noted, { n });
    await published.of(Notes, 'note').result({ timeout: '10s' });
  }
}

/** What `docs/redis.md` says of each setting, shown on a server that is killed. A kill spares what the machine holds for the disk. */
const settings = [
  { appendonly: 'always', keeps: EVENTS, warns: [] },
  { appendonly: 'everysec', keeps: EVENTS, warns: ['a power cut of the server loses up to two seconds'] },
  { appendonly: 'no', keeps: 0, warns: ['a crash of the server loses all since its last snapshot'] },
] as const;

describeRedisServers('a Redis that is killed', () => {
  it.each(settings)(
    'with appendonly $appendonly keeps $keeps of 40 accepted events, and was warned of at the start',
    async ({ appendonly, keeps, warns }) => {
      const server = await startRedis({ appendonly });
      const { app, warnings } = await started(server.url);
      try {
        expect(warnings).toEqual(warns.map((each) => expect.stringContaining(each)));
        await publishAll(app);
        expect(await stored(server.url)).toBe(EVENTS);
        await server.restart();
        expect(await stored(server.url)).toBe(keeps);
      } finally {
        await app.close();
        await server.stop();
      }
    },
  );

  it('without an append-only file is found out by whoever wrote before, which refuses to go on', async () => {
    const server = await startRedis();
    const { app, warnings } = await started(server.url);
    try {
      await publishAll(app);
      await server.restart();
      const until = Date.now() + 10_000;
      let code: unknown = null;
      for (let n = 100; code !== 'STORE_REGRESSION' && Date.now() < until; n++) {
        code = await app.publish(Noted, { n }).then(
          () => null,
          (error: { readonly code?: unknown }) => error.code,
        );
        await pause(50);
      }
      expect(code).toBe('STORE_REGRESSION');
      expect(warnings.at(-1)).toContain('The Redis store went back');
      // What it was told is lost after its warning has not been accepted either.
      expect(await stored(server.url)).toBeLessThanOrEqual(1);
    } finally {
      await app.close();
      await server.stop();
    }
  });
});
