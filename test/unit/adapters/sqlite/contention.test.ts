import type { SqliteStore } from '../../../../lib/adapters/sqlite/sqlite-store.js';
import { StoreUnavailableError } from '../../../../lib/model/errors-store.js';
import type { Change, ProcessRecord } from '../../../../lib/ports/store.js';
import {
  checkpoint,
  connect,
  databaseClass,
  driverOf,
  ending,
  execution,
  FileStores,
  orders,
  p1,
  p2,
  publish,
  run,
  writeOne,
} from './file-store.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));
const processRecord = (id: typeof p1): ProcessRecord => ({
  id,
  deployment: 'd1',
  role: 'both',
  definitions: [orders],
});

describe('a SQLite file used by several', () => {
  let files: FileStores;
  let store: SqliteStore;
  beforeEach(async () => {
    files = new FileStores();
    store = await files.open();
  });
  afterEach(() => files.dispose());

  it('keeps a write waiting, without blocking, until the other transaction ends; in order', async () => {
    const other = await connect(files.path);
    other.exec('BEGIN IMMEDIATE');
    const ends: string[] = [];
    const first = writeOne(store, publish(execution())).then(() => ends.push('first'));
    const second = writeOne(store, publish(execution())).then(() => ends.push('second'));
    for (let i = 0; i < 5; i++) {
      await turn();
      files.clock.advance(20);
    }
    expect(ends).toEqual([]);
    other.exec('COMMIT');
    files.clock.advance(20);
    await first;
    await second;
    other.close();
    expect(ends).toEqual(['first', 'second']);
  });

  it('gives up after a while: the outcome is unknown', async () => {
    const other = await connect(files.path);
    other.exec('BEGIN IMMEDIATE');
    let failure: unknown;
    writeOne(store, publish(execution())).catch((error: unknown) => (failure = error));
    for (let i = 0; failure === undefined && i < 1_000; i++) {
      await turn();
      files.clock.advance(20);
    }
    expect(failure).toBeInstanceOf(StoreUnavailableError);
    expect(files.clock.monotonic()).toBeLessThan(10_000);
    other.exec('ROLLBACK');
    other.close();
    expect((await writeOne(store, publish(execution()))).verdict).toBe('ok');
  });

  it('reads while another writes', async () => {
    const made = execution();
    await writeOne(store, publish(made));
    const other = await connect(files.path);
    other.exec('BEGIN IMMEDIATE');
    expect((await store.read(made.id))?.status).toBe('pending');
    other.exec('COMMIT');
    other.close();
  });

  it('takes no write lock when nothing is due', async () => {
    const other = await connect(files.path);
    other.exec('BEGIN IMMEDIATE');
    expect(await store.claim({ owner: p1, runnable: [orders], limit: 10 })).toEqual({
      claimed: [],
      nextAt: null,
      more: false,
    });
    expect(await store.prune({ completedBefore: 1, failedBefore: 1, limit: 10 })).toEqual({
      removed: 0,
      more: false,
    });
    other.exec('COMMIT');
    other.close();
  });

  it('gives each of 500 executions to one of two claimers', async () => {
    const peer = await files.open();
    await store.heartbeat(processRecord(p1), 600_000);
    await peer.heartbeat(processRecord(p2), 600_000);
    await store.write(Array.from({ length: 500 }, () => publish(execution())));
    const taken = new Map<string, string[]>();
    const claimAll = async (from: SqliteStore, owner: typeof p1) => {
      for (;;) {
        const { claimed } = await from.claim({ owner, runnable: [orders], limit: 7 });
        for (const { lease } of claimed)
          taken.set(lease.executionId, [...(taken.get(lease.executionId) ?? []), owner]);
        if (claimed.length === 0) return;
      }
    };
    await files.letPass(Promise.all([claimAll(store, p1), claimAll(peer, p2)]));
    expect(taken.size).toBe(500);
    expect([...taken.values()].every((owners) => owners.length === 1)).toBe(true);
    expect(new Set([...taken.values()].flat()).size).toBe(2);
  });

  it('refuses a checkpoint under a lease that another connection took over', async () => {
    const peer = await files.open();
    await store.heartbeat(processRecord(p1), 1_000);
    const lease = await run(store, p1);
    expect((await writeOne(store, checkpoint(lease, 1))).verdict).toBe('ok');
    files.clock.advance(1_000);
    const { claimed } = await peer.claim({ owner: p2, runnable: [orders], limit: 1 });
    expect(claimed.map((each) => each.lease.fence)).toEqual([2]);
    expect((await writeOne(store, checkpoint(lease, 2))).verdict).toBe('stale');
    expect((await store.journal(lease.executionId)).map(({ key }) => key)).toEqual(['step~1']);
  });

  it('refuses a checkpoint of what another connection ended', async () => {
    const peer = await files.open();
    const lease = await run(store, p1);
    expect((await writeOne(store, checkpoint(lease, 1))).verdict).toBe('ok');
    expect((await writeOne(peer, ending(lease, 2))).verdict).toBe('ok');
    expect((await writeOne(store, checkpoint(lease, 3))).verdict).toBe('stale');
  });

  it('keeps no lease in mind that a rolled back group gave out', async () => {
    const Database = await databaseClass();
    let failing = false;
    class Failing extends Database {
      prepare(sql: string): unknown {
        const statement = (
          Database.prototype as unknown as { prepare(sql: string): { run(...values: never[]): unknown } }
        ).prepare.call(this, sql);
        if (sql !== 'COMMIT') return statement;
        const commit = () => {
          if (failing)
            throw Object.assign(new Error('disk I/O error'), { code: 'SQLITE_IOERR', rawCode: 10 });
          return statement.run();
        };
        return { run: commit, get: commit };
      }
    }
    const failingStore = await files.open({ driver: driverOf(Failing) });
    failing = true;
    const made = execution({ owner: p1 });
    await expect(writeOne(failingStore, publish(made))).rejects.toThrow(StoreUnavailableError);
    failing = false;
    const lease = { executionId: made.id, key: 1, owner: p1, fence: 1 };
    expect((await writeOne(failingStore, checkpoint(lease, 1))).verdict).toBe('stale');
    expect(await failingStore.read(made.id)).toBeNull();
    expect((await writeOne(failingStore, publish(made))).verdict).toBe('ok');
  });

  it('keeps what is stored when the disk is full, and goes on when it is not', async () => {
    const Database = await databaseClass();
    const small: { exec(sql: string): unknown }[] = [];
    class Small extends Database {
      constructor(path: string) {
        super(path);
        small.push(this);
      }
    }
    const full = await files.open({ driver: driverOf(Small) });
    const made = execution();
    await writeOne(full, publish(made));
    const limit = (pages: number) =>
      small.forEach((database) => database.exec(`PRAGMA max_page_count = ${pages}`));
    limit(1);
    const big = execution({ input: 'x'.repeat(100_000) });
    const refused = full.write([publish(execution()), publish(big)]);
    await expect(refused).rejects.toThrow(StoreUnavailableError);
    await expect(refused).rejects.toMatchObject({ cause: expect.anything() });
    expect((await full.list({ limit: 10 })).map(({ id }) => id)).toEqual([made.id]);
    limit(1_000_000);
    expect((await writeOne(full, publish(big))).verdict).toBe('ok');
  });

  it('looks for changes only while another process lives and someone listens, and stops on close', async () => {
    const peer = await files.open();
    await store.heartbeat(processRecord(p1), 60_000);
    let heard = 0;
    store.onChange(() => heard++);
    expect(files.clock.nextTimerAt()).toBeNull();
    await peer.heartbeat(processRecord(p2), 60_000);
    await store.heartbeat(processRecord(p1), 60_000);
    expect(files.clock.nextTimerAt()).toBe(files.clock.now() + 100);
    await writeOne(peer, publish(execution()));
    files.clock.advance(100);
    await turn();
    expect(heard).toBe(1);
    files.clock.advance(300);
    await turn();
    expect(heard).toBe(1);
    await store.close();
    expect(files.clock.nextTimerAt()).toBeNull();
    await store.open(files.context);
  });

  it('names what one app of a connection settled to the others, and tells an app alone nothing of it', async () => {
    const heard: Change[] = [];
    store.onChange((change) => void heard.push(change));
    const alone = await run(store, p1);
    await writeOne(store, ending(alone, 1));
    await turn();
    expect(heard).toEqual([]);
    await store.open(files.context);
    const leases = [await run(store, p1), await run(store, p1)];
    await turn();
    heard.length = 0;
    for (const lease of leases) await writeOne(store, ending(lease, 1));
    await turn();
    expect(heard).toEqual([{ settled: leases.map(({ executionId }) => executionId), declared: false }]);
    await store.setPaused([orders.id], true);
    await turn();
    expect(heard.at(-1)).toEqual({ settled: [], declared: true });
    await store.close();
  });

  it('warns once of a SQLite that is not sound for several processes', async () => {
    const peer = await files.open();
    await peer.heartbeat(processRecord(p2), 60_000);
    // It may have been killed: its lease alone does not say that it lives.
    for (let round = 0; round < 3; round++) {
      files.clock.advance(1_000);
      await store.heartbeat(processRecord(p1), 60_000);
    }
    expect(files.warnings).toEqual([]);
    await peer.heartbeat(processRecord(p2), 60_000);
    await store.heartbeat(processRecord(p1), 60_000);
    await store.heartbeat(processRecord(p1), 60_000);
    const connection = await connect(':memory:');
    const version = connection.prepare<{ v: string }>('SELECT sqlite_version() AS v').get([])?.v ?? '';
    connection.close();
    const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
    const sound = major * 1e6 + minor * 1e3 + patch >= 3_051_003;
    const told =
      /^(libsql|node:sqlite) brings SQLite \d+\.\d+\.\d+, which has a bug .* sqliteStore\(\{ path, driver: Database \}\)$/;
    expect(files.warnings.map((warning) => told.test(warning))).toEqual(sound ? [] : [true]);
  });
});
