import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  bootstrap,
  type BootstrapOptions,
  defineEvent,
  DefinitionError,
  execution,
  OnEvent,
  run,
  SessionStoppedError,
  silentLogger,
  sleep,
  sqliteStore,
  Step,
  Worker,
  type WorkerApp,
} from 'holdfast';
import { bullmqDispatcher } from 'holdfast/bullmq';
import { redisStore } from 'holdfast/redis';
import { z } from 'zod';
import { redisForTests } from '../servers/redis-server.js';

const Import = defineEvent('import', z.object({ rows: z.number() }));
const Row = defineEvent('row', z.object({ n: z.number() }));

@Worker('rows')
class Rows {
  @OnEvent(Row)
  async row({ n }: { n: number }): Promise<string> {
    return this.store(n);
  }

  @Step()
  async store(n: number): Promise<string> {
    return `row ${n} of ${String(execution().session)}`;
  }
}

@Worker('imports')
class Imports {
  @OnEvent(Import)
  async run({ rows }: { rows: number }): Promise<readonly string[]> {
    if (rows < 0) await sleep('1 day');
    if (rows === 0) throw new Error(`nothing to import for ${String(execution().session)}`);
    const stored: string[] = [];
    for (let n = 0; n < rows; n++) stored.push((await run(Rows, 'row', { n })) as string);
    return stored;
  }
}

const redis = redisForTests();
const apps: WorkerApp[] = [];
const folders: string[] = [];
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Where the processes of one test meet. Each gets parts of its own. */
type Place = () => Promise<() => Pick<BootstrapOptions, 'store' | 'dispatcher'>>;

const onFile: Place = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-rows-'));
  folders.push(folder);
  return () => ({ store: sqliteStore({ path: join(folder, 'jobs.db'), synchronous: 'NORMAL' }) });
};

const onBullmq: Place = async () => {
  const [url, prefix] = [await redis.url(), redis.prefix()];
  return () => ({
    store: redisStore({ url, prefix, durability: 'none' }),
    dispatcher: bullmqDispatcher({ connection: url, prefix: `${prefix}-jobs` }),
  });
};

const rowsOn = (place: Place): void => {
  let parts: Awaited<ReturnType<Place>>;
  beforeEach(async () => {
    parts = await place();
  });

  /** One process of those that share the place. */
  async function open(options: BootstrapOptions): Promise<WorkerApp> {
    const given = { ...parts(), logger: silentLogger, sweep: '200ms', ...options };
    const app = await bootstrap(given as BootstrapOptions<never>);
    apps.push(app);
    return app;
  }

  test('A19 · A-w5 · sessions run beside each other in two processes: each gets its own values and errors, nested calls stay in it', async () => {
    const one = await open({ workers: [Imports, Rows], concurrency: 4 });
    const two = await open({ workers: [Imports, Rows], concurrency: 4 });
    await Promise.all([one.start(), two.start()]);
    const ids = Array.from({ length: 12 }, (_, at) => `tenant-${at}`);
    const held = await one.session('tenant-1x').publish(Import, { rows: -1 });
    const settled = await Promise.allSettled(
      ids.map((id, at) => (at % 2 === 0 ? one : two).session(id).execute(Import, { rows: at === 5 ? 0 : 3 })),
    );
    const told = settled.map((each) => (each.status === 'rejected' ? String(each.reason) : each.value));
    expect(told).toEqual(
      ids.map((id, at) =>
        at === 5 ? `Error: nothing to import for ${id}` : [[0, 1, 2].map((n) => `row ${n} of ${id}`)],
      ),
    );
    for (const id of ids) {
      const { completed, failed, byWorker } = await two.session(id).stats();
      expect([id, completed, failed]).toEqual(id === 'tenant-5' ? [id, 0, 1] : [id, 4, 0]);
      expect(byWorker['rows']?.completed ?? 0).toBe(id === 'tenant-5' ? 0 : 3);
    }
    expect(await two.sessions.active()).toEqual(['tenant-1x']);
    await two.session('tenant-1x').stop();
    await expect(held.executions[0]?.result()).rejects.toThrow(SessionStoppedError);
  }, 30_000);

  test('A24 · workers come and go in a running cluster: what is published meanwhile waits for them, in whichever process they are', async () => {
    const web = await open({ role: 'publisher' });
    const one = await open({ workers: [] });
    const two = await open({ workers: [] });
    await Promise.all([one.start(), two.start()]);

    await one.register(Rows);
    await one.register(Rows);
    const first = await web.publish(Row, { n: 1 });
    expect(await first.executions[0]?.result()).toBe('row 1 of null');

    // It moves to the other process, without an interval in which nobody is subscribed.
    await one.unregister(Rows);
    await one.unregister(Rows);
    const second = await web.publish(Row, { n: 2 });
    expect(await second.executions[0]?.status()).toBe('pending');
    await two.sync(Rows);
    expect(await second.executions[0]?.result()).toBe('row 2 of null');

    // Registered again, another class of that id takes its place once it was let go, and not before.
    @Worker('rows')
    class NewRows {
      @OnEvent(Row)
      async row({ n }: { n: number }): Promise<string> {
        return this.store(n);
      }

      @Step()
      async store(n: number): Promise<string> {
        return `new row ${n}`;
      }
    }
    await expect(two.register(NewRows)).rejects.toThrow(DefinitionError);
    await two.sync(NewRows);
    const third = await web.publish(Row, { n: 3 });
    expect(await third.executions[0]?.result()).toBe('new row 3');
    expect([(await one.stats()).workers, (await two.stats()).workers]).toEqual([0, 1]);
  }, 30_000);

  test('A17 · A20 · stopAll of one process ends what all of them run, and who publishes afterwards is served', async () => {
    const one = await open({ workers: [Imports, Rows] });
    const two = await open({ workers: [Imports, Rows] });
    await Promise.all([one.start(), two.start()]);
    const waiters = ['a', 'b', 'ab'].map((id) => two.session(id).execute(Import, { rows: -1 }));
    const told = Promise.allSettled(waiters);
    const lone = await one.publish(Import, { rows: -1 });
    while ((await one.stats()).waiting < 4) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await one.sessions.stopAll()).toEqual({ stopped: 3, ended: true });
    for (const each of await told)
      expect(each).toEqual({ status: 'rejected', reason: expect.any(SessionStoppedError) as unknown });
    expect(await lone.executions[0]?.status()).toBe('waiting');
    expect(await two.session('a').execute(Import, { rows: 1 })).toEqual([['row 0 of a']]);
  }, 30_000);
};

describe('on one SQLite file', () => {
  rowsOn(onFile);
});

redis.describe('on one Redis, by BullMQ', () => {
  rowsOn(onBullmq);
});
