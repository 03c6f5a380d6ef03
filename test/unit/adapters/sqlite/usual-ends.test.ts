import type { SqliteStore } from '../../../../lib/adapters/sqlite/sqlite-store.js';
import type { Lease } from '../../../../lib/model/lease.js';
import type { CommitWrite, Verdict, Write } from '../../../../lib/ports/store-write.js';
import { checkpoint, ending, execution, FileStores, p1, publish, run, writeOne } from './file-store.js';

const names = (verdicts: readonly Verdict[]) => verdicts.map(({ verdict }) => verdict);
const times = (count: number, verdict: Verdict['verdict']) => Array.from({ length: count }, () => verdict);

/** One commit of all that the given ones do. */
function together(...writes: readonly Write[]): CommitWrite {
  const commits = writes as readonly CommitWrite[];
  const last = commits.at(-1) as CommitWrite;
  const checkpoints = commits.flatMap(({ delta }) => delta.checkpoints);
  const { commitNo } = (commits[0] as CommitWrite).delta;
  return { ...last, delta: { ...last.delta, commitNo, checkpoints } };
}

describe('usual ends, many in one group', () => {
  let files: FileStores;
  let store: SqliteStore;
  let leases: Lease[];
  beforeEach(async () => {
    files = new FileStores();
    store = await files.open();
    leases = [];
    for (let i = 0; i < 6; i++) leases.push(await run(store, p1));
  });
  afterEach(() => files.dispose());

  const at = (index: number): Lease => leases[index] as Lease;
  const ends = (over = {}) => leases.map((lease) => ending(lease, 1, over));
  const statuses = async () =>
    Promise.all(leases.map(async ({ executionId }) => (await store.read(executionId))?.status));

  it.each([
    ['in order', [0, 1, 2, 3, 4, 5]],
    ['in another order', [1, 2, 0, 5, 4, 3]],
  ])('each keeps what it gave, %s', async (_, order) => {
    const values = ['1', '1', '2', null, null, '2'];
    const writes = order.map((i) => ending(at(i), 1, { value: values[i] ?? null }));
    files.clock.advance(1_000);
    expect(names(await store.write(writes))).toEqual(times(6, 'ok'));
    for (const [i, { executionId }] of leases.entries())
      expect(await store.read(executionId)).toMatchObject({
        status: 'completed',
        value: values[i],
        endedAt: files.clock.now(),
      });
    expect(names(await store.write(writes))).toEqual(times(6, 'already'));
  });

  it('each reads the row that it names', async () => {
    const rows = (lease: Lease) => [checkpoint(lease, 1, 's~a'), checkpoint(lease, 2, 's~b')];
    await store.write(leases.flatMap(rows));
    const named = (i: number) =>
      i === 2 ? { valueSeq: 1, value: '"s~a"' } : { valueSeq: 2, value: '"s~b"' };
    await store.write(leases.map((lease, i) => ending(lease, 3, named(i))));
    for (const [i, { executionId }] of leases.entries())
      expect((await store.read(executionId))?.value).toBe(named(i).value);
  });

  it('one that has a permit ends as well, and gives it back', async () => {
    const gate = { name: 'g', limit: 1 };
    const acquire = (lease: Lease): Write => ({ kind: 'acquire', lease, gate, holder: 'h' });
    expect(await writeOne(store, acquire(at(2)))).toMatchObject({ verdict: 'ok', granted: true });
    expect(names(await store.write(ends({ value: null })))).toEqual(times(6, 'ok'));
    expect(await statuses()).toEqual(leases.map(() => 'completed'));
    const other = await run(store, p1);
    expect(await writeOne(store, acquire(other))).toMatchObject({ verdict: 'ok', granted: true });
  });

  it('one whose checkpoint is refused does not end, and no other suffers', async () => {
    await writeOne(store, checkpoint(at(3), 1, 's~taken'));
    const writes = leases.map((lease, i) =>
      together(checkpoint(lease, 2, i === 3 ? 's~taken' : 's~new'), ending(lease, 2, { value: null })),
    );
    const expected = [...times(3, 'ok'), 'rejected', ...times(2, 'ok')];
    expect(names(await store.write(writes))).toEqual(expected);
    expect(await statuses()).toEqual(leases.map((_, i) => (i === 3 ? 'running' : 'completed')));
    expect(names(await store.write(writes))).toEqual([
      ...times(3, 'already'),
      'rejected',
      ...times(2, 'already'),
    ]);
  });

  it('one that has a permit ends as well where the checkpoint of another is refused', async () => {
    const gate = { name: 'g', limit: 1 };
    await writeOne(store, { kind: 'acquire', lease: at(2), gate, holder: 'h' });
    await writeOne(store, checkpoint(at(3), 1, 's~taken'));
    const writes = leases.map((lease, i) =>
      together(checkpoint(lease, 2, i === 3 ? 's~taken' : 's~new'), ending(lease, 2, { value: null })),
    );
    expect(names(await store.write(writes))).toEqual([...times(3, 'ok'), 'rejected', ...times(2, 'ok')]);
    expect(await statuses()).toEqual(leases.map((_, i) => (i === 3 ? 'running' : 'completed')));
  });

  it('each listens to what it names, and has seen what it names', async () => {
    const listening = (i: number) => (i < 2 ? (['retry'] as const) : []);
    await store.write(
      leases.map((lease, i) =>
        ending(lease, 1, { value: null, listening: listening(i), seenInboxSeq: i < 4 ? 0 : 1 }),
      ),
    );
    for (const [i, { executionId }] of leases.entries())
      expect(await store.read(executionId)).toMatchObject({ seenInboxSeq: i < 4 ? 0 : 1 });
    await store.write(
      leases.flatMap(({ executionId: to }, i) =>
        ['m', 'n'].map((name) => ({
          kind: 'append' as const,
          message: { id: `${name}${i}`, to, kind: 'retry', body: null } as never,
        })),
      ),
    );
    expect(await statuses()).toEqual(leases.map((_, i) => (i < 2 ? 'pending' : 'completed')));
  });

  it('one that was sent twice, and what comes after an end, are told so', async () => {
    const [first, ...others] = ends({ value: null }) as [Write, ...Write[]];
    const verdicts = await store.write([first, first, ...others, checkpoint(at(0), 2)]);
    expect(names(verdicts)).toEqual(['ok', 'already', ...times(5, 'ok'), 'stale']);
  });

  it('who publishes one again in the same group is not told that it runs', async () => {
    const made = execution({ owner: p1 });
    const verdict = await writeOne(store, publish(made));
    const key = verdict.verdict === 'ok' ? (verdict.executions?.[0]?.key ?? -1) : -1;
    const lease = { executionId: made.id, key, owner: p1, fence: 1 };
    const more = Array.from({ length: 8 }, () => publish(execution({ owner: p1 })));
    const verdicts = await store.write([ending(lease, 1), publish(made), ...more]);
    expect(verdicts[1]).toMatchObject({ verdict: 'already', executions: [{ key, leased: false }] });
    expect((await store.read(made.id))?.status).toBe('completed');
  });

  it('a retry that comes after an end in the group is not missed', async () => {
    const message = { id: 'm1', to: at(1).executionId, kind: 'retry', body: null } as never;
    await store.write([...ends({ listening: ['retry'] }), { kind: 'append', message }]);
    expect(await statuses()).toEqual(leases.map((_, i) => (i === 1 ? 'pending' : 'completed')));
  });

  it.each([0, 6, 7, 8])(
    'the first commit of two rows is whole, after %i others of the group',
    async (others) => {
      const [lease, other] = [at(0), at(1)];
      await writeOne(store, checkpoint(other, 1, 's~taken'));
      const before = Array.from({ length: others }, (_, i) =>
        checkpoint(other, i + 2, i === 0 ? 's~taken' : `s~${i}`),
      );
      const first = together(checkpoint(lease, 1, 's~a'), checkpoint(lease, 2, 's~b'));
      const expected = before.map((_, i) => (i === 0 ? 'rejected' : 'ok'));
      expect(names(await store.write([...before, first, first]))).toEqual([...expected, 'ok', 'already']);
      expect((await store.journal(lease.executionId)).map(({ key }) => key)).toEqual(['s~a', 's~b']);
      const more = before.map((_, i) => checkpoint(other, i + 20, `s~more${i}`));
      expect(names(await store.write([...more, first]))).toEqual([...times(others, 'ok'), 'already']);
    },
  );

  it('of two rows of a later commit none is stored when one is refused', async () => {
    const lease = at(0);
    await writeOne(store, checkpoint(lease, 1, 's~taken'));
    const later = together(checkpoint(lease, 2, 's~new'), checkpoint(lease, 3, 's~taken'));
    const twice = together(checkpoint(at(1), 1, 's~same'), checkpoint(at(1), 2, 's~same'));
    expect(names(await store.write([later, twice]))).toEqual(['rejected', 'rejected']);
    expect((await store.journal(lease.executionId)).map(({ key }) => key)).toEqual(['s~taken']);
    expect(await store.journal(at(1).executionId)).toEqual([]);
  });
});
