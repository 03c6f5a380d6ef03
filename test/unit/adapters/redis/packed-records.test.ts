import { Redis } from 'ioredis';
import { encodeWrites } from '../../../../lib/adapters/redis/encode-write.js';
import { redisStore } from '../../../../lib/adapters/redis/redis-store.js';
import type { EventId, ExecutionId, ProcessId } from '../../../../lib/model/ids.js';
import type { Store } from '../../../../lib/ports/store.js';
import type { NewEvent, NewExecution, PublishWrite, Write } from '../../../../lib/ports/store-write.js';
import { ManualClock } from '../../../../lib/testing/manual-clock.js';
import { redisForTests } from '../../../servers/redis-server.js';

const definition = { id: 'w.m\ud800', fingerprint: 'f' };
const owner = 'p' as ProcessId;
const other = 'q' as ProcessId;
const LEASE_MS = 1_000;

const process = (id: ProcessId) =>
  ({ id, deployment: 'd', role: 'both', definitions: [definition] }) as const;

function event(name: string, over: Partial<NewExecution> = {}, of: Partial<NewEvent> = {}): NewEvent {
  const execution: NewExecution = {
    id: name as ExecutionId,
    definition,
    input: '{"text":"\u0001\udc00\\n"}',
    schemaHash: null,
    lane: 'd:w\u0001m',
    priority: -7,
    depth: 2,
    dueAt: null,
    owner,
    gate: null,
    listening: ['cancel', 'retry'],
    ...over,
  };
  return {
    id: `e-${name}` as EventId,
    name: 'e "1"',
    session: null,
    dedup: null,
    executions: [execution],
    ...of,
  };
}

const publish = (...events: NewEvent[]): PublishWrite => ({ kind: 'publish', events });

function commit(id: string, over: Partial<Extract<Write, { kind: 'commit' }>['delta']>): Write {
  const lease = { executionId: id as ExecutionId, key: 1, owner, fence: 1 };
  const empty = { checkpoints: [], record: null, publish: null, release: [] };
  return { kind: 'commit', lease, delta: { ...empty, commitNo: 1, ...over } };
}

const completed = {
  status: 'completed',
  waitReason: null,
  timers: {},
  listening: [],
  seenInboxSeq: 0,
  attempt: 1,
  epoch: 0,
  forget: [],
  value: '1',
  error: null,
} as const;

test('an event that starts one leased execution goes as plain arguments', () => {
  const args = encodeWrites([publish(event('a', { schemaHash: 'h' }))]);
  expect(args.slice(0, 5)).toEqual(['new', 'a', 'w.m\u0001d800', 'f', 'p']);
  expect(args).toHaveLength(7);
});

test.each<[string, PublishWrite]>([
  ['several events', publish(event('a'), event('b'))],
  ['no execution', publish(event('a', {}, { executions: [] }))],
  ['an explicit id', publish(event('a', {}, { dedup: { hash: 'h', until: 1 } }))],
  ['a session', publish(event('a', {}, { session: 's' }))],
  ['mail', publish(event('a', {}, { mail: { key: 'k', until: 1, payload: '1', schemaHash: null } }))],
  ['nobody who runs it', publish(event('a', { owner: null }))],
  ['a later instant', publish(event('a', { dueAt: 1 }))],
  ['a gate', publish(event('a', { gate: { name: 'g', limit: 1 } }))],
  ['a parent', publish(event('a', { parent: { executionId: 'p' as ExecutionId, holder: 'h' } }))],
])('with %s it is more than that', (_, write) => {
  expect(encodeWrites([write])).toHaveLength(1);
});

const redis = redisForTests();

redis.describe('a record that was created packed', () => {
  let client: Redis;
  let clock: ManualClock;
  let store: Store;
  beforeAll(async () => void (client = new Redis(await redis.url())));
  afterAll(() => client.quit());
  beforeEach(async () => {
    clock = new ManualClock();
    store = redisStore({ client, prefix: redis.prefix(), time: 'app' });
    await store.open({ clock, random: { next: () => 0.5 }, warn: () => undefined });
    for (const id of [owner, other]) await store.heartbeat(process(id), LEASE_MS);
    // Several at once are never packed: what comes after them finds their definition there.
    await store.write([publish(event('first'), event('second'))]);
  });
  afterEach(() => store.close());

  const claimAll = () =>
    store.claim({ owner: other, runnable: [definition], limit: 10 }).then(({ claimed }) => claimed);
  const unlike = { id: expect.any(String) as string, eventId: expect.any(String) as string };

  test.each([null, '', 'h'])('reads like one that was not; hash of its schema: %j', async (schemaHash) => {
    await store.write([publish(event('x1', { schemaHash }), event('x2'))]);
    const [verdict] = await store.write([publish(event('a', { schemaHash }))]);
    expect(verdict).toMatchObject({
      verdict: 'ok',
      executions: [{ eventId: 'e-a', executionId: 'a', key: 5, createdAt: clock.now(), leased: true }],
    });
    const made = await store.read('x1' as ExecutionId);
    expect(made).toMatchObject({ status: 'running', schemaHash, owner });
    expect(await store.read('a' as ExecutionId)).toEqual({ ...made, ...unlike });
    expect((await store.list({ limit: 10 })).map(({ id }) => id)).toContain('a');
    expect(await store.counts()).toEqual([{ definition: definition.id, status: 'running', count: 5 }]);
    expect((await store.heartbeat(process(owner), LEASE_MS)).owned).toContainEqual({ id: 'a', fence: 1 });
  });

  test('is taken over with its rows when its process is gone', async () => {
    await store.write([publish(event('a'))]);
    clock.advance(LEASE_MS / 2);
    await store.heartbeat(process(other), LEASE_MS);
    clock.advance(LEASE_MS / 2 + 1);
    const works = new Map((await claimAll()).map((work) => [String(work.record.id), work]));
    expect([...works.keys()].toSorted()).toEqual(['a', 'first', 'second']);
    expect(works.get('a')?.strikes).toBe(1);
    expect(works.get('a')?.record).toEqual({ ...works.get('first')?.record, ...unlike });
  });

  test('sent again, alone or in its own group, it is there once', async () => {
    const again = [publish(event('a')), publish(event('a'))];
    const verdicts = [...(await store.write(again)), ...(await store.write(again))];
    expect(verdicts.map(({ verdict }) => verdict)).toEqual(['ok', 'already', 'already', 'already']);
    for (const each of verdicts)
      expect(each).toMatchObject({ executions: [{ executionId: 'a', key: 3, leased: true }] });
    expect(await store.counts()).toEqual([{ definition: definition.id, status: 'running', count: 3 }]);
  });

  test('lives its whole life in one group, among writes that are not plain', async () => {
    const waiting = {
      ...completed,
      status: 'waiting',
      waitReason: 'timer',
      timers: { t: 5 },
      value: null,
    } as const;
    const verdicts = await store.write([
      publish(event('a')),
      publish(event('b')),
      commit('a', { commitNo: 1, record: completed }),
      publish(event('c'), event('d')),
      publish(event('f')),
      commit('b', { commitNo: 1, record: waiting }),
      commit('a', { commitNo: 2, record: completed }),
    ]);
    expect(verdicts.map(({ verdict }) => verdict)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok', 'ok', 'stale']);
    const keys = verdicts.flatMap((each) => ('executions' in each ? (each.executions ?? []) : []));
    expect(keys.map(({ key }) => key)).toEqual([3, 4, 5, 6, 7]);
    const found = await store.list({ limit: 10 });
    const status = new Map(found.map((record) => [record.id, record.status]));
    expect(Object.fromEntries(status)).toMatchObject({
      a: 'completed',
      b: 'waiting',
      c: 'running',
      f: 'running',
    });
    const counts = new Map((await store.counts()).map((each) => [each.status, each.count]));
    expect(Object.fromEntries(counts)).toMatchObject({ completed: 1, waiting: 1, running: 5 });
  });
});
