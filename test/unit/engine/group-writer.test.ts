import { GroupWriter } from '../../../lib/engine/group-writer.js';
import { StoreRegressionError, StoreUnavailableError } from '../../../lib/model/errors-store.js';
import type { ExecutionId, MessageId, ProcessId } from '../../../lib/model/ids.js';
import type { LifecycleEvent } from '../../../lib/model/lifecycle-event.js';
import type { Store } from '../../../lib/ports/store.js';
import type { AppendWrite, Verdict, Write } from '../../../lib/ports/store-write.js';
import { ManualClock } from '../../../lib/testing/manual-clock.js';

const ok: Verdict = { verdict: 'ok' };

function message(id: string, bytes = 0): AppendWrite {
  const body = bytes === 0 ? null : 'x'.repeat(bytes);
  return { kind: 'append', message: { id: id as MessageId, to: 'e' as ExecutionId, kind: 'event', body } };
}

function idOf(write: Write): string {
  if (write.kind === 'append') return write.message.id;
  return write.kind === 'commit' ? `${write.lease.executionId}${write.delta.commitNo}` : write.kind;
}

interface Setup {
  readonly answer?: (ids: readonly string[], call: number) => Promise<readonly Verdict[]>;
  readonly group?: Store['group'];
  readonly gather?: Store['gather'];
  readonly leaseMs?: number;
}

function setup({
  answer,
  group = { maxWrites: 1_000, maxBytes: 1e6 },
  gather = 'macrotask',
  leaseMs = 15_000,
}: Setup = {}) {
  const sent: string[][] = [];
  const events: LifecycleEvent[] = [];
  const clock = new ManualClock();
  const store = {
    group,
    gather,
    write: (writes: readonly Write[]) => {
      const ids = writes.map(idOf);
      sent.push(ids);
      return answer?.(ids, sent.length) ?? Promise.resolve(writes.map(() => ok));
    },
  } as unknown as Store;
  const observer = { wants: () => false, emit: (event: LifecycleEvent) => void events.push(event) };
  const writer = new GroupWriter(
    store,
    clock,
    { next: () => 1 },
    observer,
    () => false,
    () => leaseMs,
  );
  const settled: string[] = [];
  const submit = (id: string, bytes = 0): void =>
    writer.submit(message(id, bytes), {
      judged: ({ verdict }) => settled.push(`${id} ${verdict}`),
      unjudged: () => settled.push(`${id} failed`),
    });
  const turns = async (ms: number): Promise<void> => {
    for (let at = 0; at < ms; at += 10) {
      clock.advance(10);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { writer, submit, sent, settled, events, turns, clock };
}

const down = (): Promise<never> => Promise.reject(new StoreUnavailableError('down'));

test('writes of one turn go together, in order; those that come meanwhile go together next', async () => {
  let release = (): void => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  const { submit, sent, settled, turns } = setup({
    answer: async (ids, call) => {
      if (call === 1) await held;
      return ids.map(() => ok);
    },
  });
  for (const id of ['a', 'b']) submit(id);
  await turns(10);
  for (const id of ['c', 'd', 'e']) submit(id);
  await turns(10);
  expect(sent).toEqual([['a', 'b']]);
  release();
  await turns(20);
  expect(sent).toEqual([
    ['a', 'b'],
    ['c', 'd', 'e'],
  ]);
  expect(settled).toEqual(['a ok', 'b ok', 'c ok', 'd ok', 'e ok']);
});

test('a store in memory gets its first write within microtasks', async () => {
  const { submit, sent } = setup({ gather: 'none' });
  submit('a');
  await Promise.resolve();
  await Promise.resolve();
  expect(sent).toEqual([['a']]);
});

test.each([
  ['writes', { maxWrites: 2, maxBytes: 1e6 }, 0, [['a', 'b'], ['c', 'd'], ['e']]],
  ['bytes', { maxWrites: 10, maxBytes: 1_300 }, 500, [['a', 'b'], ['c', 'd'], ['e']]],
  [
    'one write larger than a group',
    { maxWrites: 10, maxBytes: 10 },
    500,
    [['a'], ['b'], ['c'], ['d'], ['e']],
  ],
])('groups are capped by %s', async (_, group, bytes, expected) => {
  const { submit, sent, turns } = setup({ group });
  for (const id of ['a', 'b', 'c', 'd', 'e']) submit(id, bytes);
  await turns(50);
  expect(sent).toEqual(expected);
});

test('a group whose outcome is unknown is sent again as it was', async () => {
  const { submit, sent, settled, turns } = setup({
    answer: (ids, call) => (call < 3 ? down() : Promise.resolve(ids.map(() => ok))),
  });
  for (const id of ['a', 'b']) submit(id);
  await turns(500);
  expect(sent).toEqual([
    ['a', 'b'],
    ['a', 'b'],
    ['a', 'b'],
  ]);
  expect(settled).toEqual(['a ok', 'b ok']);
});

test('one write that the store never takes spoils no other, and later ones go in groups again', async () => {
  const { submit, sent, settled, events, turns } = setup({
    answer: (ids) => (ids.includes('poison') ? down() : Promise.resolve(ids.map(() => ok))),
  });
  for (const id of ['a', 'poison', 'b', 'c']) submit(id);
  await turns(15_000);
  expect(settled).toEqual(['a ok', 'b ok', 'c ok', 'poison failed']);
  expect(events).toMatchObject([{ name: 'app.fault', task: 'write' }]);
  const before = sent.length;
  for (const id of ['d', 'e']) submit(id);
  await turns(20);
  expect(sent.slice(before)).toEqual([['d', 'e']]);
});

test('everyone who meets a store that is away is told within the same few seconds, and it is asked now and then', async () => {
  const { writer, sent, events, clock, turns } = setup({
    answer: down,
    group: { maxWrites: 20, maxBytes: 1e6 },
  });
  const toldAt: number[] = [];
  const failed = (): void => void toldAt.push(clock.monotonic());
  const startedAt = clock.monotonic();
  const submit = (count: number): void => {
    for (let at = 0; at < count; at++)
      writer.submit(message(`m${at}`), { judged: () => {}, unjudged: failed });
  };
  submit(100);
  await turns(1_000);
  submit(50);
  await turns(6_000);
  expect(toldAt).toHaveLength(150);
  for (const at of toldAt.slice(0, 100)) expect(at - startedAt).toBeLessThan(5_000);
  for (const at of toldAt.slice(100)) expect(at - startedAt).toBeLessThan(6_000);
  expect(sent.length).toBeLessThan(20);
  expect(events.length).toBeLessThan(5);
  await writer.idle();
});

test('what a lease covers is sent as long as that holds, and those beside it are told all the same', async () => {
  let isDown = true;
  const { writer, submit, settled, turns } = setup({
    answer: (ids) => (isDown ? down() : Promise.resolve(ids.map(() => ok))),
    leaseMs: 15_000,
  });
  submit('a');
  for (const commitNo of [1, 2])
    writer.submit(commit('x', commitNo), {
      judged: () => settled.push(`x ${commitNo}`),
      unjudged: () => settled.push(`x ${commitNo} failed`),
    });
  await turns(12_000);
  expect(settled).toEqual(['a failed']);
  isDown = false;
  await turns(2_000);
  expect(settled).toEqual(['a failed', 'x 1', 'x 2']);
});

test('a commit that the store never takes is given up long before its lease ends, others of its execution stay behind it', async () => {
  const { writer, submit, settled, turns } = setup({
    answer: (ids) => (ids.includes('x1') ? down() : Promise.resolve(ids.map(() => ok))),
    leaseMs: 60_000,
  });
  for (const commitNo of [1, 2])
    writer.submit(commit('x', commitNo), {
      judged: () => settled.push(`x${commitNo}`),
      unjudged: () => settled.push(`x${commitNo} failed`),
    });
  for (let at = 0; at < 100; at++) {
    submit(`m${at}`);
    await turns(100);
  }
  expect(settled.indexOf('m1 ok')).toBeLessThan(settled.indexOf('x1 failed'));
  expect(settled.indexOf('x1 failed')).toBeLessThan(settled.indexOf('x2'));
  expect(settled).toHaveLength(102);
});

test('a write that got no answer is given up in the end with StoreUnavailableError', async () => {
  const { writer, turns } = setup({ answer: down });
  const outcome = writer.write(message('a')).catch((error: unknown) => error);
  await turns(15_000);
  expect(await outcome).toMatchObject({ code: 'STORE_UNAVAILABLE', cause: { message: 'down' } });
});

test('a store that went back is asked once, and every writer of the group is told why', async () => {
  const { writer, sent, turns } = setup({ answer: () => Promise.reject(new StoreRegressionError('lost')) });
  const told = Promise.allSettled([writer.write(message('a')), writer.write(message('b'))]);
  await turns(10);
  for (const each of await told) expect(each).toMatchObject({ reason: { code: 'STORE_REGRESSION' } });
  expect(sent).toEqual([['a', 'b']]);
});

test('idle() waits for every verdict', async () => {
  const { writer, submit, settled, turns } = setup();
  submit('a');
  const idle = writer.idle().then(() => [...settled]);
  await turns(20);
  expect(await idle).toEqual(['a ok']);
});

test('a closed writer drops what was not sent, holds no timer and tells nobody', async () => {
  const { writer, submit, settled, clock, turns } = setup({ answer: down });
  submit('a');
  await turns(20);
  writer.close();
  submit('b');
  await turns(2_000);
  expect([settled, clock.nextTimerAt()]).toEqual([[], null]);
  await expect(writer.write(message('c'))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
});

test('nobody waits for a closed writer, not even for what it was about to do', async () => {
  const { writer, submit } = setup();
  submit('a');
  writer.close();
  await expect(writer.idle()).resolves.toBeUndefined();
});

test('an abandoned writer tells everyone that there is no verdict, also who comes too late', async () => {
  const { writer, submit, sent, settled, turns } = setup();
  submit('a');
  writer.abandon();
  expect(settled).toEqual(['a failed']);
  submit('b');
  await turns(20);
  expect(settled).toEqual(['a failed', 'b failed']);
  expect(sent).toEqual([]);
});

test('a store that throws instead of rejecting is asked again, and takes what comes later', async () => {
  const { submit, settled, sent, turns } = setup({
    answer: (ids, call) => {
      if (call <= 2) throw new Error('at once');
      return Promise.resolve(ids.map(() => ok));
    },
  });
  submit('a');
  await turns(10);
  submit('b');
  await turns(500);
  expect(settled).toEqual(['a ok', 'b ok']);
  expect(sent).toEqual([['a'], ['a'], ['a'], ['b']]);
});

test('whoever fails at its verdict keeps neither its group nor later writes from theirs', async () => {
  const { writer, submit, settled, events, turns } = setup();
  const fail = (): never => {
    throw new Error('at the verdict');
  };
  submit('a');
  writer.submit(message('hostile'), { judged: fail, unjudged: fail });
  submit('b');
  await turns(20);
  submit('c');
  await turns(20);
  expect(settled).toEqual(['a ok', 'b ok', 'c ok']);
  expect(events).toMatchObject([{ name: 'app.fault', error: { message: 'at the verdict' } }]);
});

test('nor does one that fails at the news that its write was given up', async () => {
  const { writer, submit, settled, turns } = setup({
    answer: (ids) => (ids.includes('hostile') ? down() : Promise.resolve(ids.map(() => ok))),
  });
  writer.submit(message('hostile'), {
    judged: () => {},
    unjudged: () => {
      throw new Error('at the news');
    },
  });
  await turns(15_000);
  submit('a');
  await turns(20);
  expect(settled).toEqual(['a ok']);
});

function commit(id: string, commitNo: number): Write {
  const lease = { executionId: id as ExecutionId, key: 1, owner: 'p' as ProcessId, fence: 1 };
  return {
    kind: 'commit',
    lease,
    delta: { commitNo, checkpoints: [], record: null, publish: null, release: [] },
  };
}

test('a commit never overtakes an earlier one of its execution, even when that has to be sent again', async () => {
  const { writer, sent, settled, turns } = setup({
    answer: (ids, call) => (call === 1 ? down() : Promise.resolve(ids.map(() => ok))),
  });
  const send = (id: string, commitNo: number): void =>
    writer.submit(commit(id, commitNo), {
      judged: () => settled.push(`${id} ${commitNo}`),
      unjudged: () => settled.push(`${id} failed`),
    });
  send('x', 1);
  await turns(10);
  send('y', 1);
  send('x', 2);
  send('z', 1);
  await turns(20);
  expect(settled).toEqual([]);
  await turns(200);
  expect(settled).toEqual(['x 1', 'y 1', 'x 2', 'z 1']);
  expect(sent).toHaveLength(3);
  await writer.idle();
});
