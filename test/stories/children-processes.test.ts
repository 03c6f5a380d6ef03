import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  bootstrap,
  defineEvent,
  NotSubscribedError,
  OnEvent,
  run,
  silentLogger,
  sqliteStore,
  type WorkerClass,
  Worker,
} from 'holdfast';
import { z } from 'zod';

const Packed = defineEvent('packed', z.object({ n: z.number() }));
const Shipped = defineEvent('shipped', z.object({ n: z.number() }));

@Worker('shipping')
class Shipping {
  @OnEvent(Shipped)
  async ship({ n }: { n: number }): Promise<number> {
    return n * 10;
  }
}

@Worker('packing')
class Packing {
  @OnEvent(Packed)
  async pack({ n }: { n: number }): Promise<readonly number[]> {
    return Promise.all([n, n + 1].map((each) => run(Shipping, 'ship', { n: each })));
  }
}

test('a parent in one process waits for children that another runs, on one SQLite file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-children-'));
  const path = join(folder, 'children.db');
  const open = async (worker: WorkerClass) => {
    const app = await bootstrap({
      workers: [worker],
      store: sqliteStore(path),
      logger: silentLogger,
      sweep: '200ms',
    });
    await app.start();
    return app;
  };
  const packing = await open(Packing);
  try {
    // Nobody has started with that worker yet
    const early = (await packing.publish(Packed, { n: 0 })).of(Packing, 'pack');
    await expect(early.result({ timeout: '20s' })).rejects.toThrow(NotSubscribedError);
    const shipping = await open(Shipping);
    const handles = await Promise.all(
      [1, 2, 3].map(async (n) => (await packing.publish(Packed, { n })).of(Packing, 'pack')),
    );
    const values = await Promise.all(handles.map((handle) => handle.result({ timeout: '20s' })));
    expect(values).toEqual([
      [10, 20],
      [20, 30],
      [30, 40],
    ]);
    await shipping.close();
  } finally {
    await packing.close();
    rmSync(folder, { recursive: true });
  }
}, 60_000);
