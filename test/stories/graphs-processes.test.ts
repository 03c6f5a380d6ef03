import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootstrap, defineEvent, OnEvent, silentLogger, sqliteStore, Step, Worker } from 'holdfast';
import { z } from 'zod';

const Start = defineEvent('graph.start', z.object({ id: z.number() }));

const ran: string[] = [];

@Worker('spread')
class Spread {
  @OnEvent(Start)
  begin({ id }: { id: number }): number {
    return id;
  }

  @Step({ after: 'begin', each: (id: number) => Array.from({ length: 12 }, (_, n) => `${id}.${n}`) })
  async item(name: string): Promise<string> {
    ran.push(name);
    await new Promise<void>((resolve) => void setImmediate(resolve));
    return name;
  }

  @Step({ after: 'begin' })
  beside(id: number): string {
    ran.push(`${id} beside`);
    return `${id} beside`;
  }

  @Step({ after: ['item', 'beside'] })
  tail(items: string[], beside: string): string {
    ran.push(`${beside} tail`);
    return `${items.length} and ${beside}`;
  }
}

test.each(['UNTIL_ERROR', 'ISOLATED'] as const)(
  '%s: two apps on one SQLite file share graphs, and each step and item runs once',
  async (executionMode) => {
    ran.length = 0;
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-graphs-'));
    const open = async () => {
      const store = sqliteStore(join(folder, 'graphs.db'));
      const app = await bootstrap({
        workers: [Spread],
        store,
        executionMode,
        logger: silentLogger,
        sweep: '200ms',
      });
      await app.start();
      return app;
    };
    const apps = [await open(), await open()] as const;
    try {
      const ids = Array.from({ length: 20 }, (_, id) => id);
      const published = await Promise.all(ids.map((id) => apps[id % 2 === 0 ? 0 : 1].publish(Start, { id })));
      const handles = published.map((each) => each.of(Spread));
      expect(await Promise.all(handles.map((handle) => handle.result({ timeout: '30s' })))).toEqual(ids);
      const tails = await Promise.all(handles.map(async (handle) => (await handle.steps()).at(-1)?.value));
      expect(tails).toEqual(ids.map((id) => `12 and ${id} beside`));
      expect([ran.length, new Set(ran).size]).toEqual([280, 280]);
    } finally {
      for (const app of apps) await app.close();
      rmSync(folder, { recursive: true });
    }
  },
  40_000,
);
