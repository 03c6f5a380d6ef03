import type { SqliteStore } from '../../../../lib/adapters/sqlite/sqlite-store.js';
import {
  checkpoint,
  connect,
  ending,
  execution,
  FileStores,
  p1,
  publish,
  run,
  writeOne,
} from './file-store.js';

const everything = Number.MAX_SAFE_INTEGER;

describe('retention of a SQLite store', () => {
  let files: FileStores;
  let store: SqliteStore;
  beforeEach(async () => {
    files = new FileStores();
    store = await files.open();
  });
  afterEach(() => files.dispose());

  it('never gives the number of a removed execution to another', async () => {
    const old = await run(store, p1);
    await writeOne(store, ending(old, 1));
    files.clock.advance(1);
    const pruned = await store.prune({ completedBefore: everything, failedBefore: everything, limit: 10 });
    expect(pruned).toEqual({ removed: 1, more: false });
    const next = await run(store, p1);
    expect(next.key).toBeGreaterThan(old.key);
    expect((await writeOne(store, checkpoint(old, 2))).verdict).toBe('stale');
  });

  it('nor does a store opened later', async () => {
    const old = await run(store, p1);
    await writeOne(store, ending(old, 1));
    files.clock.advance(1);
    await store.prune({ completedBefore: everything, failedBefore: everything, limit: 10 });
    const next = await run(await files.open(), p1);
    expect(next.key).toBeGreaterThan(old.key);
  });

  it('nor where what is removed last is older than what was removed before', async () => {
    const prune = () => store.prune({ completedBefore: everything, failedBefore: everything, limit: 10 });
    const older = await run(store, p1);
    const newest = await run(store, p1);
    for (const lease of [newest, older]) {
      await writeOne(store, ending(lease, 1));
      files.clock.advance(1);
      await prune();
    }
    const next = await run(await files.open(), p1);
    expect(next.key).toBeGreaterThan(newest.key);
  });

  it('removes journal and messages with the record', async () => {
    const lease = await run(store, p1);
    await writeOne(store, checkpoint(lease, 1));
    const message = { id: 'm1', to: lease.executionId, kind: 'cancel', body: null } as never;
    await writeOne(store, { kind: 'append', message });
    await writeOne(store, ending(lease, 2));
    await store.prune({ completedBefore: everything, failedBefore: everything, limit: 10 });
    const connection = await connect(files.path);
    for (const table of ['execution', 'journal', 'message'])
      expect(connection.prepare(`SELECT 1 FROM holdfast_${table}`).all([])).toEqual([]);
    connection.close();
  });

  it('goes on where the last call stopped and comes round again', async () => {
    await store.write(Array.from({ length: 10 }, () => publish(execution({ owner: p1 }))));
    const records = await store.list({ limit: 10 });
    const end = async (i: number) => {
      const executionId = records[i]?.id;
      if (executionId !== undefined)
        await writeOne(store, ending({ executionId, key: i + 1, owner: p1, fence: 1 }, 1));
    };
    for (const i of [1, 3, 5, 7, 9]) await end(i);
    const prune = () => store.prune({ completedBefore: everything, failedBefore: everything, limit: 2 });
    expect(await prune()).toEqual({ removed: 2, more: true });
    await end(0);
    expect(await prune()).toEqual({ removed: 2, more: true });
    expect((await prune()).removed).toBe(1);
    expect((await prune()).removed).toBe(1);
    expect((await store.list({ limit: 10 })).map(({ id }) => id)).toEqual(
      [2, 4, 6, 8].map((i) => records[i]?.id),
    );
  });
});
