import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  bootstrap,
  Concurrency,
  defineEvent,
  OnEvent,
  silentLogger,
  sqliteStore,
  Step,
  Worker,
} from 'holdfast';
import { z } from 'zod';

const Asked = defineEvent('limit.asked', z.object({ tenant: z.string(), n: z.number() }));
type Asked = { tenant: string; n: number };

const asked = (count: number): Asked[] => Array.from({ length: count }, (_, n) => ({ tenant: 'a', n }));

describe('two apps on one SQLite file', () => {
  test('share a limit, and each execution runs once', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-limits-'));
    const path = join(folder, 'limits.db');
    const running = { now: 0, most: 0, began: 0 };

    @Worker('shared')
    class Shared {
      @OnEvent(Asked)
      take(one: Asked): Asked {
        return one;
      }

      @Step({ after: 'take' })
      @Concurrency(2)
      async work(_one: Asked): Promise<void> {
        running.began++;
        running.most = Math.max(running.most, ++running.now);
        for (let turn = 0; turn < 20; turn++)
          await new Promise<void>((resolve) => void setImmediate(resolve));
        running.now--;
      }
    }
    const open = async () => {
      const app = await bootstrap({
        workers: [Shared],
        store: sqliteStore(path),
        logger: silentLogger,
        sweep: '200ms',
      });
      await app.start();
      return app;
    };
    const apps = [await open(), await open()] as const;
    try {
      const published = await Promise.all(
        apps.map((app) => app.publishMany(asked(15).map((one) => [Asked, one] as const))),
      );
      await Promise.all(published.flat().map((each) => each.of(Shared).result({ timeout: '30s' })));
      expect([running.began, running.most]).toEqual([30, 2]);
    } finally {
      for (const app of apps) await app.close();
      rmSync(folder, { recursive: true });
    }
  }, 40_000);
});
