import type { SqliteStore } from '../../../../lib/adapters/sqlite/sqlite-store.js';
import { ConfigurationError } from '../../../../lib/model/errors-boot.js';
import { StoreUnavailableError } from '../../../../lib/model/errors-store.js';
import type { MessageId } from '../../../../lib/model/ids.js';
import type { Lease } from '../../../../lib/model/lease.js';
import type { CommitWrite, PublishedExecution, Verdict, Write } from '../../../../lib/ports/store-write.js';
import { failingDriver, noFault } from './failing-driver.js';
import {
  checkpoint,
  connect,
  databaseClass,
  driverOf,
  ending,
  execution,
  FileStores,
  p1,
  p2,
  publish,
  run,
  writeOne,
} from './file-store.js';

const endOfTime = Number.MAX_SAFE_INTEGER;

type DatabaseClass = new (path: string) => { prepare(sql: string): { run(...values: unknown[]): unknown } };

/** This Node's driver; `told` gets the first word of what it runs, and which table that is about. */
async function recordingDriver(told: string[]) {
  const Real = (await databaseClass()) as unknown as DatabaseClass;
  class Recording extends Real {
    override prepare(sql: string) {
      const statement = super.prepare(sql) as unknown as Record<string, (...values: unknown[]) => unknown>;
      for (const name of ['run', 'get', 'all']) {
        const call = statement[name]?.bind(statement);
        if (call === undefined) continue;
        statement[name] = (...values) => {
          told.push((/^\s*(\w+)/.exec(sql)?.[1] ?? '') + (/holdfast(_[a-z]+)/.exec(sql)?.[1] ?? ''));
          return call(...values);
        };
      }
      return statement as never;
    }
  }
  return driverOf(Recording);
}

function executionOf(verdict: Verdict): PublishedExecution {
  const made = 'executions' in verdict ? verdict.executions?.[0] : undefined;
  if (made === undefined) throw new Error(`no execution: ${JSON.stringify(verdict)}`);
  return made;
}

const ok = { verdict: 'ok' };
const stale = { verdict: 'stale' };

describe('a write alone in its group', () => {
  let files: FileStores;
  let store: SqliteStore;
  /** The same file by another connection. */
  let other: SqliteStore;
  let lease: Lease;
  beforeEach(async () => {
    files = new FileStores();
    store = await files.open();
    other = await files.open();
    lease = await run(store, p1);
  });
  afterEach(() => files.dispose());

  const publishOne = async (by: SqliteStore): Promise<PublishedExecution> =>
    executionOf(await writeOne(by, publish(execution({ owner: p1 }))));
  const status = async () => (await store.read(lease.executionId))?.status;
  const keys = async () => (await store.journal(lease.executionId)).map(({ key }) => key);

  it('is one statement, of an execution from its event to its end', async () => {
    const told: string[] = [];
    const counted = await files.open({ driver: await recordingDriver(told) });
    await run(counted, p1);
    told.length = 0;
    const own = await run(counted, p1);
    await writeOne(counted, checkpoint(own, 1));
    await writeOne(counted, checkpoint(own, 2));
    await writeOne(counted, ending(own, 3));
    expect(told).toEqual(['INSERT_execution', 'INSERT_checkpoint', 'INSERT_checkpoint', 'UPDATE_execution']);
    expect(await counted.read(own.executionId)).toMatchObject({ status: 'completed', value: '"done"' });
  });

  it('is a transaction where it names something for the first time', async () => {
    const told: string[] = [];
    const counted = await files.open({ driver: await recordingDriver(told) });
    await run(counted, p1);
    for (const over of [
      { schemaHash: 'new' },
      { definition: { id: 'orders.ship', fingerprint: 'f1' } },
      { owner: p2 },
    ]) {
      told.length = 0;
      await run(counted, p1, over);
      expect(told).toEqual(expect.arrayContaining(['BEGIN', 'INSERT_execution', 'COMMIT']));
    }
  });

  it('stores the same as in a group', async () => {
    const stored = async ({ executionId }: Lease) => {
      const { id, ...record } = (await store.read(executionId)) ?? { id: null };
      return [id === executionId, { ...record, eventId: null }, await store.journal(executionId)];
    };
    for (const write of [checkpoint(lease, 1), checkpoint(lease, 2), ending(lease, 3)])
      expect(await writeOne(store, write)).toEqual(ok);
    const alone = await stored(lease);
    const made = execution({ owner: p1 });
    const verdicts = await store.write([publish(made), publish(execution({ owner: p1 }))]);
    const { key } = executionOf(verdicts[0] as Verdict);
    const grouped = { ...lease, executionId: made.id, key: key as number };
    expect(await store.write([checkpoint(grouped, 1), checkpoint(grouped, 2), ending(grouped, 3)])).toEqual([
      ok,
      ok,
      ok,
    ]);
    expect(await stored(grouped)).toEqual(alone);
  });

  it('of an execution that another ended meanwhile is stale', async () => {
    expect(await writeOne(other, ending(lease, 1))).toEqual(ok);
    expect(await writeOne(store, checkpoint(lease, 2))).toEqual(stale);
    expect(await writeOne(store, ending(lease, 2))).toEqual(stale);
    expect(await keys()).toEqual([]);
  });

  it('under the lease before this one is stale', async () => {
    const connection = await connect(files.path);
    connection.exec(`UPDATE holdfast_execution SET fence = 2 WHERE n = ${lease.key}`);
    connection.close();
    expect(await writeOne(store, checkpoint(lease, 1))).toEqual(stale);
    expect(await writeOne(store, ending(lease, 1))).toEqual(stale);
    const current = { ...lease, fence: 2 };
    expect(await writeOne(store, checkpoint(current, 1))).toEqual(ok);
    expect(await writeOne(store, ending(current, 2))).toEqual(ok);
  });

  it('sent again has been applied, whoever asks; another row of that key is refused', async () => {
    await writeOne(store, checkpoint(lease, 1, 'a'));
    for (const each of [store, other])
      expect(await writeOne(each, checkpoint(lease, 1, 'a'))).toEqual({ verdict: 'already' });
    expect(await writeOne(store, checkpoint(lease, 2, 'a'))).toEqual({
      verdict: 'rejected',
      reason: 'checkpoint-exists',
    });
    expect(await writeOne(store, ending(lease, 2))).toEqual(ok);
    for (const each of [store, other])
      expect(await writeOne(each, ending(lease, 2))).toEqual({ verdict: 'already' });
  });

  it.each([{ epoch: 1 }, { turn: 1 }, { kind: 'attempt' as const, attempt: 2, error: 'x', value: null }])(
    'puts a row where it is looked for: %j',
    async (over) => {
      const usual = checkpoint(lease, 1, 'a') as CommitWrite;
      const checkpoints = usual.delta.checkpoints.map((row) => ({ ...row, ...over }));
      const write = { ...usual, delta: { ...usual.delta, checkpoints } };
      expect(await writeOne(store, write)).toEqual(ok);
      expect(await writeOne(store, write)).toEqual({ verdict: 'already' });
      expect(await store.write([write, checkpoint(lease, 2, 'b')])).toEqual([{ verdict: 'already' }, ok]);
    },
  );

  it('stores a value once that a row has: the end names the row', async () => {
    await writeOne(store, checkpoint(lease, 1, 'a'));
    expect(await writeOne(store, ending(lease, 2, { valueSeq: 1, value: '"a"' }))).toEqual(ok);
    expect((await store.read(lease.executionId))?.value).toBe('"a"');
    const connection = await connect(files.path);
    const stored = connection
      .prepare<{ own_value: string | null }>('SELECT own_value FROM holdfast_execution')
      .all([]);
    connection.close();
    expect(stored).toEqual([{ own_value: null }]);
  });

  it('ends nothing that a message of another process waits for', async () => {
    const message = { id: 'm-1' as MessageId, to: lease.executionId, kind: 'cancel', body: null } as const;
    await writeOne(other, { kind: 'append', message });
    const end = ending(lease, 1, { listening: ['cancel'] });
    expect(await writeOne(store, end)).toEqual({ verdict: 'ok', due: true });
    expect(await status()).toBe('pending');
  });

  it('ends one that holds a permit as well, and gives it back', async () => {
    const gate = { name: 'g', limit: 1 };
    const acquire = (asking: Lease): Write => ({ kind: 'acquire', lease: asking, gate, holder: 'h' });
    await writeOne(store, acquire(lease));
    expect(await writeOne(store, ending(lease, 1))).toEqual(ok);
    expect(await writeOne(store, acquire(await run(store, p1)))).toMatchObject({ granted: true });
  });

  it('numbers an execution after those of another connection, and after those that are gone', async () => {
    const first = await publishOne(store);
    const others = [await publishOne(other), await publishOne(other), await publishOne(other)];
    const last = others[2]?.key as number;
    const leases = others.map(({ executionId, key }) => ({ executionId, key, owner: p1, fence: 1 }) as Lease);
    // Of the numbers given after the last of this connection, all but the newest belong to executions that are gone.
    for (const each of leases.slice(0, 2)) await writeOne(other, ending(each, 1));
    await other.prune({ completedBefore: endOfTime, failedBefore: endOfTime, limit: 10 });
    expect(await other.read(leases[0]?.executionId as Lease['executionId'])).toBeNull();
    const next = await publishOne(store);
    expect([first.key, next.key]).toEqual([last - 3, last + 1]);
    expect(next.leased).toBe(true);
    await writeOne(other, ending(leases[2] as Lease, 1));
    const newest = await publishOne(other);
    await writeOne(
      other,
      ending({ ...lease, executionId: newest.executionId, key: newest.key as number }, 1),
    );
    await other.prune({ completedBefore: endOfTime, failedBefore: endOfTime, limit: 10 });
    expect((await publishOne(store)).key).toBe((newest.key as number) + 1);
  });

  it('waits while another process writes, and is taken then', async () => {
    const connection = await connect(files.path);
    connection.exec('BEGIN IMMEDIATE');
    let isTaken = false;
    const published = publishOne(store).finally(() => (isTaken = true));
    const committed = writeOne(store, checkpoint(lease, 1));
    const ended = writeOne(store, ending(lease, 2));
    for (let i = 0; i < 3; i++) {
      await new Promise((resolve) => setImmediate(resolve));
      files.clock.advance(20);
    }
    expect(isTaken).toBe(false);
    connection.exec('COMMIT');
    connection.close();
    expect(await files.letPass(Promise.all([published, committed, ended]))).toMatchObject([
      { leased: true },
      ok,
      ok,
    ]);
    expect(await status()).toBe('completed');
  });

  it('leaves a lease that it ended to no row of a group', async () => {
    expect(await writeOne(store, ending(lease, 1))).toEqual(ok);
    expect(await store.write([checkpoint(lease, 2), checkpoint(lease, 3)])).toEqual([stale, stale]);
    expect(await keys()).toEqual([]);
  });

  it('whose answer was lost leaves nothing remembered: what comes after it is judged', async () => {
    const fault = { ...noFault };
    const failing = await files.open({ driver: await failingDriver(fault, () => undefined) });
    const own = await run(failing, p1);
    // Now the connection holds the lease: a row in a group needs no guard.
    await failing.write([checkpoint(own, 1), checkpoint(own, 2)]);
    Object.assign(fault, { in: 1, isDone: true });
    await expect(writeOne(failing, ending(own, 3))).rejects.toThrow(StoreUnavailableError);
    Object.assign(fault, noFault);
    expect(await failing.write([checkpoint(own, 4), checkpoint(own, 5)])).toEqual([stale, stale]);
    expect(await writeOne(failing, ending(own, 3))).toEqual({ verdict: 'already' });
  });

  it('whose answer was lost leaves its number to nobody', async () => {
    const fault = { ...noFault };
    const failing = await files.open({ driver: await failingDriver(fault, () => undefined) });
    const [, verdict] = await failing.write([
      publish(execution({ owner: p1 })),
      publish(execution({ owner: p1 })),
    ]);
    const first = executionOf(verdict as Verdict);
    const lost = publish(execution({ owner: p1 }));
    Object.assign(fault, { in: 1, isDone: true });
    await expect(writeOne(failing, lost)).rejects.toThrow(StoreUnavailableError);
    Object.assign(fault, noFault);
    const next = await publishOne(failing);
    const again = await writeOne(failing, lost);
    expect([again.verdict, executionOf(again).key, next.key].map(String)).toEqual(
      ['already', (first.key as number) + 1, (first.key as number) + 2].map(String),
    );
  });

  it('is a transaction while one may be open that could not be rolled back', async () => {
    const Real = (await databaseClass()) as unknown as DatabaseClass;
    const spoilt = new Set<string>();
    class Spoilt extends Real {
      override prepare(sql: string) {
        const statement = super.prepare(sql) as unknown as Record<string, (...values: unknown[]) => unknown>;
        for (const name of ['run', 'get']) {
          const call = (statement[name] as () => unknown).bind(statement);
          statement[name] = (...values) => {
            if (spoilt.has(sql))
              throw Object.assign(new Error('injected'), { code: 'SQLITE_IOERR', errcode: 10 });
            return call(...(values as []));
          };
        }
        return statement as never;
      }
    }
    const failing = await files.open({ driver: driverOf(Spoilt) });
    const own = await run(failing, p1);
    for (const sql of ['COMMIT', 'ROLLBACK']) spoilt.add(sql);
    await expect(failing.write([checkpoint(own, 1), checkpoint(own, 2)])).rejects.toThrow(
      StoreUnavailableError,
    );
    // Inside of the transaction that is left open it would count for nothing.
    await expect(writeOne(failing, checkpoint(own, 3))).rejects.toThrow(StoreUnavailableError);
    spoilt.clear();
    await expect(writeOne(failing, checkpoint(own, 3))).rejects.toThrow(StoreUnavailableError);
    expect(await writeOne(failing, checkpoint(own, 3))).toEqual(ok);
    expect((await store.journal(own.executionId)).map(({ seq }) => seq)).toEqual([3]);
  });

  it('of two rows, or of a row and an end, is whole', async () => {
    await writeOne(store, checkpoint(lease, 1, 'a'));
    const both = checkpoint(lease, 2, 'b') as CommitWrite;
    const taken = (checkpoint(lease, 2, 'a') as CommitWrite).delta.checkpoints;
    const two = { ...both, delta: { ...both.delta, checkpoints: [...both.delta.checkpoints, ...taken] } };
    expect(await writeOne(store, two)).toMatchObject({ reason: 'checkpoint-exists' });
    const { record } = (ending(lease, 2) as CommitWrite).delta;
    const end = { ...both, delta: { ...both.delta, checkpoints: taken, record } };
    expect(await writeOne(store, end)).toMatchObject({ reason: 'checkpoint-exists' });
    expect([await keys(), await status()]).toEqual([['a'], 'running']);
  });

  it('to a store that only reads is refused', async () => {
    const reading = await files.open({ readOnly: true });
    for (const write of [publish(execution({ owner: p1 })), checkpoint(lease, 1), ending(lease, 1)])
      await expect(reading.write([write])).rejects.toThrow(ConfigurationError);
  });
});
