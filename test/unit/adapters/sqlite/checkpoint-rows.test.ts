import { createHash } from 'node:crypto';
import { keyHash, tableOf } from '../../../../lib/adapters/sqlite/checkpoint-place.js';
import type { SqliteStore } from '../../../../lib/adapters/sqlite/sqlite-store.js';
import type { Checkpoint } from '../../../../lib/model/checkpoint.js';
import type { Lease } from '../../../../lib/model/lease.js';
import type { CommitWrite, Verdict } from '../../../../lib/ports/store-write.js';
import { checkpoint, connect, ending, FileStores, p1, run, writeOne } from './file-store.js';

/** Different keys of one step with one hash: there is a pair among some 1,000. */
function keysOfOneHash(): readonly [string, string] {
  const byHash = new Map<number, string>();
  for (let i = 0; ; i++) {
    const key = `step~${createHash('sha1').update(String(i)).digest('base64url')}`;
    const other = byHash.get(keyHash(0, 0, key));
    if (other !== undefined) return [other, key];
    byHash.set(keyHash(0, 0, key), key);
  }
}

const names = (verdicts: readonly Verdict[]) => verdicts.map(({ verdict }) => verdict);
const times = (count: number, verdict: Verdict['verdict']) => Array.from({ length: count }, () => verdict);

const ofOneHash = keysOfOneHash();

describe('checkpoints in SQLite', () => {
  let files: FileStores;
  let store: SqliteStore;
  let lease: Lease;
  beforeEach(async () => {
    files = new FileStores();
    store = await files.open();
    lease = await run(store, p1);
  });
  afterEach(() => files.dispose());

  const keys = async () => (await store.journal(lease.executionId)).map(({ key }) => key);

  it.each([0, 7])('two keys with one hash are both kept, after %i others of the group', async (others) => {
    const [first, second] = ofOneHash;
    const before = Array.from({ length: others }, (_, i) => checkpoint(lease, i + 1));
    const writes = [
      ...before,
      checkpoint(lease, others + 1, first),
      checkpoint(lease, others + 2, second),
      checkpoint(lease, others + 3, 'step~last'),
    ];
    expect(names(await store.write(writes))).toEqual(times(writes.length, 'ok'));
    expect((await keys()).slice(-3)).toEqual([first, second, 'step~last']);
    expect(names(await store.write(writes))).toEqual(times(writes.length, 'already'));
    const again = [checkpoint(lease, 20, first), checkpoint(lease, 21, second)];
    expect(names(await store.write(again))).toEqual(times(2, 'rejected'));
    expect(await keys()).toHaveLength(writes.length);
  });

  it('a hash whose successor is taken too goes to the next free number', async () => {
    const [first, second] = ofOneHash;
    const other = await run(store, p1);
    for (const [at, key] of [first, second].entries()) {
      expect(await writeOne(store, checkpoint(lease, at + 1, key))).toEqual({ verdict: 'ok' });
      expect(await writeOne(store, checkpoint(other, at + 1, key))).toEqual({ verdict: 'ok' });
    }
    expect(await keys()).toEqual([first, second]);
  });

  it('one key of a full group that exists refuses its own commit alone', async () => {
    await writeOne(store, checkpoint(lease, 1, 's~taken'));
    const keyOf = (i: number) => (i === 3 ? 's~taken' : `s~${i}`);
    const writes = Array.from({ length: 8 }, (_, i) => checkpoint(lease, i + 2, keyOf(i)));
    const verdicts = await store.write(writes);
    expect(verdicts[3]).toEqual({ verdict: 'rejected', reason: 'checkpoint-exists' });
    expect(names(verdicts).filter((verdict) => verdict === 'ok')).toHaveLength(7);
    expect(await keys()).toEqual(['s~taken', 's~0', 's~1', 's~2', 's~4', 's~5', 's~6', 's~7']);
  });

  it('rows that are not usual keep what they are, among usual ones of their group', async () => {
    const unusual = [
      { epoch: 1 },
      { attempt: 2 },
      { kind: 'timer', wakeAt: 5 },
      { kind: 'failed', error: '"no"', value: null },
      { path: 'step' },
      { startedAt: 1, endedAt: 9 },
      { kind: 'timer', startedAt: 3, endedAt: 8 },
      { wakeAt: 5 },
      { error: '"no"' },
    ] as const;
    const writes = Array.from({ length: 18 }, (_, i) => {
      const write = checkpoint(lease, i + 1) as CommitWrite;
      const [row] = write.delta.checkpoints as [Checkpoint];
      const checkpoints = [{ ...row, ...(i % 2 === 0 ? null : unusual[(i - 1) / 2]) }];
      return { ...write, delta: { ...write.delta, checkpoints } };
    });
    expect(names(await store.write(writes))).toEqual(times(18, 'ok'));
    await writeOne(store, ending(lease, 20, { status: 'running', epoch: 1, value: null }));
    const rows = writes.flatMap(({ delta }) => delta.checkpoints);
    expect(await store.journal(lease.executionId)).toEqual(rows);
  });

  it('a resend within its own group is told from the first', async () => {
    const one = checkpoint(lease, 1);
    const writes = [one, one, ...Array.from({ length: 6 }, (_, i) => checkpoint(lease, i + 2))];
    expect(names(await store.write(writes))).toEqual(['ok', 'already', ...times(6, 'ok')]);
  });

  it('a key that comes twice in one full group goes to the first commit', async () => {
    const writes = Array.from({ length: 8 }, (_, i) => checkpoint(lease, i + 1, i === 5 ? 'k~1' : `k~${i}`));
    expect(names(await store.write(writes))).toEqual([...times(5, 'ok'), 'rejected', 'ok', 'ok']);
  });

  it('steps of different tables are one journal, in order, and each key is there once', async () => {
    const steps = ['a~1', 'b~1', 'c~1', 'd~1', 'a~2', 'b~2', 'c~2', 'd~2'];
    expect(new Set(steps.map(tableOf)).size).toBe(4);
    const writes = steps.map((key, i) => checkpoint(lease, i + 1, key));
    expect(names(await store.write(writes))).toEqual(times(8, 'ok'));
    expect(await keys()).toEqual(steps);
    expect(names(await store.write(writes))).toEqual(times(8, 'already'));
    const again = steps.map((key, i) => checkpoint(lease, i + 11, key));
    expect(names(await store.write(again))).toEqual(times(8, 'rejected'));
    expect(await keys()).toEqual(steps);
  });

  it('whatever the tables, epochs forget and retention removes', async () => {
    const steps = ['a~1', 'b~1', 'c~1', 'd~1'];
    await store.write(steps.map((key, i) => checkpoint(lease, i + 1, key)));
    const record = { status: 'pending', epoch: 1, attempt: 1, forget: steps.slice(1), value: null } as const;
    await writeOne(store, ending(lease, 5, record));
    expect(await keys()).toEqual(['a~1']);
    const other = await run(store, p1);
    await store.write([...steps.map((key, i) => checkpoint(other, i + 1, key)), ending(other, 5)]);
    files.clock.advance(10_000);
    const completedBefore = files.clock.now();
    await store.prune({ completedBefore, failedBefore: completedBefore, limit: 10 });
    const connection = await connect(files.path);
    const left = connection.prepare<{ n: number }>('SELECT place >> 20 AS n FROM holdfast_journal').all([]);
    connection.close();
    expect(left.map(({ n }) => n)).toEqual(times(4, 'ok').map(() => lease.key));
  });

  it('an end in the same group keeps what was inserted before it and refuses what comes after', async () => {
    const writes = [checkpoint(lease, 1), ending(lease, 2), checkpoint(lease, 3)];
    expect(names(await store.write(writes))).toEqual(['ok', 'ok', 'stale']);
    expect(await keys()).toEqual(['step~1']);
  });

  it('a message in the same group keeps the end from resting', async () => {
    const message = { id: 'm1', to: lease.executionId, kind: 'cancel', body: null } as never;
    const writes = [
      { kind: 'append', message } as const,
      ending(lease, 1, { listening: ['cancel'], status: 'waiting', waitReason: 'event', value: null }),
    ];
    expect(await store.write(writes)).toEqual([{ verdict: 'ok' }, { verdict: 'ok', due: true }]);
    const other = await run(store, p1);
    const retry = { ...(message as object), id: 'm2', to: other.executionId, kind: 'retry' } as never;
    const end = ending(other, 1, { listening: ['retry'] });
    // Nobody listens to it while it runs, but it is kept: the end finds it.
    expect(await store.write([{ kind: 'append', message: retry }, end])).toEqual([
      { verdict: 'ok' },
      { verdict: 'ok', due: true },
    ]);
  });
});
