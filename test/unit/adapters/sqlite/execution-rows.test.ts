import type { SqliteStore } from '../../../../lib/adapters/sqlite/sqlite-store.js';
import type { ExecutionId } from '../../../../lib/model/ids.js';
import type { MessageKind } from '../../../../lib/model/execution.js';
import type { NewExecution, PublishWrite, Verdict, Write } from '../../../../lib/ports/store-write.js';
import {
  checkpoint,
  ending,
  execution,
  FileStores,
  orders,
  p1,
  p2,
  publish,
  writeOne,
} from './file-store.js';

const names = (verdicts: readonly Verdict[]) => verdicts.map(({ verdict }) => verdict);
const times = (count: number, verdict: Verdict['verdict']) => Array.from({ length: count }, () => verdict);
const keysOf = (verdicts: readonly Verdict[]) =>
  verdicts.map((verdict) => ('executions' in verdict ? verdict.executions?.[0]?.key : undefined));

describe('executions created leased, many in one group', () => {
  let files: FileStores;
  let store: SqliteStore;
  beforeEach(async () => {
    files = new FileStores();
    store = await files.open();
  });
  afterEach(() => files.dispose());

  it.each([1, 7, 8, 9, 16, 17])('%i of them sent again are answered as the first time', async (count) => {
    const writes = Array.from({ length: count }, () => publish(execution({ owner: p1 })));
    const first = await store.write(writes);
    files.clock.advance(1_000);
    const again = await store.write(writes);
    expect(names(first)).toEqual(times(count, 'ok'));
    expect(again).toEqual(first.map((verdict) => ({ ...verdict, verdict: 'already' })));
  });

  it('who publishes one that another runs, or that has ended, is not told that it has it', async () => {
    const made = [execution({ owner: p1 }), execution({ owner: p1 })] as const;
    const verdicts = await store.write(made.map((each) => publish(each)));
    const key = keysOf(verdicts)[1] as number;
    await writeOne(store, ending({ executionId: made[1].id, key, owner: p1, fence: 1 }, 1));
    const again = await store.write(made.flatMap((each) => [publish({ ...each, owner: p2 }), publish(each)]));
    const leased = again.map((verdict) => ('executions' in verdict ? verdict.executions?.[0]?.leased : null));
    expect([names(again), leased]).toEqual([times(4, 'already'), [false, true, false, false]]);
  });

  it('one id that comes twice is one execution, and a lease under the number not used is stale', async () => {
    const one = publish(execution({ owner: p1 }));
    const others = Array.from({ length: 7 }, () => publish(execution({ owner: p1 })));
    const verdicts = await store.write([one, ...others, one]);
    expect(names(verdicts)).toEqual([...times(8, 'ok'), 'already']);
    const keys = keysOf(verdicts);
    expect(keys[8]).toBe(keys[0]);
    const unused = Math.max(...keys.map(Number)) + 1;
    const lease = { executionId: 'x' as ExecutionId, key: unused, owner: p1, fence: 1 };
    expect(await writeOne(store, checkpoint(lease, 1))).toEqual({ verdict: 'stale' });
    const next = await writeOne(store, publish(execution({ owner: p1 })));
    expect(keys).not.toContain(keysOf([next])[0]);
  });

  it('what another store created is numbered around, also when a claim came first', async () => {
    const other = await files.open();
    const keys: unknown[] = [];
    for (const each of [store, other, store, other, store]) {
      await each.claim({ owner: p1, runnable: [orders], limit: 1 });
      keys.push(...keysOf(await each.write([publish(execution()), publish(execution({ owner: p1 }))])));
    }
    expect(new Set(keys).size).toBe(10);
  });

  it('one whose event has mail leaves it, among others', async () => {
    const made = Array.from({ length: 3 }, () => execution({ owner: p1 }));
    const mail = { key: 'k', until: files.clock.now() + 1_000, payload: '"mail"', schemaHash: null };
    const writes = made.map((each, i): Write => {
      const write = publish(each) as PublishWrite;
      return i === 1 ? { ...write, events: write.events.map((event) => ({ ...event, mail })) } : write;
    });
    const verdicts = await store.write(writes);
    const { id: executionId } = made[0] as NewExecution;
    const lease = { executionId, key: keysOf(verdicts)[0] as number, owner: p1, fence: 1 };
    const wait = { holder: 'w', event: 'order.placed', key: 'k', except: null, until: null, isOver: false };
    expect(await writeOne(store, { kind: 'await', lease, ...wait })).toMatchObject({
      verdict: 'ok',
      mail: { payload: '"mail"' },
    });
  });

  it('a message later in the group finds them', async () => {
    const made = execution({ owner: p1 });
    const kind: MessageKind = 'cancel';
    const message = { id: 'm1', to: made.id, kind, body: null } as never;
    const verdicts = await store.write([publish(made), { kind: 'append', message }]);
    expect(names(verdicts)).toEqual(['ok', 'ok']);
    expect(await store.inbox(made.id, 0, 10)).toHaveLength(1);
  });

  it('others in between do not mix up their numbers', async () => {
    const made = Array.from({ length: 20 }, (_, i) => execution({ owner: i % 3 === 0 ? null : p1 }));
    const verdicts = await store.write(made.map((each) => publish(each)));
    const keys = keysOf(verdicts);
    expect(new Set(keys).size).toBe(20);
    const listed = await store.list({ limit: 100 });
    expect(listed.map(({ id }) => id)).toEqual(made.map(({ id }) => id));
    expect(await writeOne(store, publish(made[4] as never))).toMatchObject({
      verdict: 'already',
      executions: [{ key: keys[4] }],
    });
  });
});
