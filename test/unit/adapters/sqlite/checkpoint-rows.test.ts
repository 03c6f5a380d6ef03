import { createHash } from 'node:crypto';
import { keyHash } from '../../../../lib/adapters/sqlite/key-hash.js';
import type { SqliteStore } from '../../../../lib/adapters/sqlite/sqlite-store.js';
import type { Lease } from '../../../../lib/model/lease.js';
import type { Verdict } from '../../../../lib/ports/store-write.js';
import { checkpoint, ending, FileStores, p1, run, writeOne } from './file-store.js';

/** Different keys with one hash: there is a pair among some 1,000. */
function keysOfOneHash(): readonly [string, string] {
  const byHash = new Map<number, string>();
  for (let i = 0; ; i++) {
    const key = createHash('sha1').update(String(i)).digest('base64url');
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
      checkpoint(lease, others + 3, 'last'),
    ];
    expect(names(await store.write(writes))).toEqual(times(writes.length, 'ok'));
    expect((await keys()).slice(-3)).toEqual([first, second, 'last']);
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
    await writeOne(store, checkpoint(lease, 1, 'taken'));
    const writes = Array.from({ length: 8 }, (_, i) => checkpoint(lease, i + 2, i === 3 ? 'taken' : `s${i}`));
    const verdicts = await store.write(writes);
    expect(verdicts[3]).toEqual({ verdict: 'rejected', reason: 'checkpoint-exists' });
    expect(names(verdicts).filter((verdict) => verdict === 'ok')).toHaveLength(7);
    expect(await keys()).toEqual(['taken', 's0', 's1', 's2', 's4', 's5', 's6', 's7']);
  });

  it('a resend within its own group is told from the first', async () => {
    const one = checkpoint(lease, 1);
    const writes = [one, one, ...Array.from({ length: 6 }, (_, i) => checkpoint(lease, i + 2))];
    expect(names(await store.write(writes))).toEqual(['ok', 'already', ...times(6, 'ok')]);
  });

  it('a key that comes twice in one full group goes to the first commit', async () => {
    const writes = Array.from({ length: 8 }, (_, i) => checkpoint(lease, i + 1, i === 5 ? 'k1' : `k${i}`));
    expect(names(await store.write(writes))).toEqual([...times(5, 'ok'), 'rejected', 'ok', 'ok']);
  });

  it('an end in the same group keeps what was inserted before it and refuses what comes after', async () => {
    const writes = [checkpoint(lease, 1), ending(lease, 2), checkpoint(lease, 3)];
    expect(names(await store.write(writes))).toEqual(['ok', 'ok', 'stale']);
    expect(await keys()).toEqual(['step-1']);
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
