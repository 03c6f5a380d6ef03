import { Redis } from 'ioredis';
import { redisStore } from '../../lib/adapters/redis/redis-store.js';
import type { ExecutionId, MessageId, ProcessId } from '../../lib/model/ids.js';
import type { Store } from '../../lib/ports/store.js';
import type { Write } from '../../lib/ports/store-write.js';
import { storeCases } from '../../lib/testing/conformance/store-cases.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';
import { redisForTests } from '../servers/redis-server.js';

const redis = redisForTests();
const YEAR_MS = 365 * 24 * 60 * 60 * 1_000;
const owner = 'sweeper' as ProcessId;
/** What stays of a store in which nothing is left. */
const fixed = /^(version|seq|beat:.+)$/;

/** Tells all that is open to end, and ends whatever comes up, until nothing does. */
async function endAll(store: Store, clock: ManualClock): Promise<void> {
  for (let round = 0; round < 20; round++) {
    clock.advance(YEAR_MS);
    const open = (await store.list({ limit: 10_000 })).filter(
      ({ status }) => status === 'waiting' || status === 'parked' || status === 'pending',
    );
    for (const { id: to, listening } of open)
      for (const kind of listening)
        await store.write([
          { kind: 'append', message: { id: `end:${kind}:${round}` as MessageId, to, kind, body: null } },
        ]);
    const { claimed } = await store.claim({ owner, runnable: await store.definitions(), limit: 10_000 });
    if (claimed.length > 0) await store.write(claimed.map(({ lease }) => ended(lease)));
    if (open.length + claimed.length === 0) return;
  }
}

function ended(lease: Extract<Write, { kind: 'commit' }>['lease']): Write {
  const record = {
    status: 'completed',
    waitReason: null,
    timers: {},
    listening: [],
    seenInboxSeq: 1_000_000,
    attempt: 1,
    epoch: 0,
    forget: [],
    value: null,
    error: null,
  } as const;
  const delta = { commitNo: 1_000_000, checkpoints: [], record, publish: null, release: [] };
  return { kind: 'commit', lease, delta };
}

/** What people have declared is theirs to take back. */
async function takeBack(store: Store, client: Redis, root: string): Promise<void> {
  await store.setPaused(await store.paused(), false);
  for (const { id, version } of await store.schedules())
    await store.write([
      { kind: 'schedule', id, expected: version, version: 'gone', state: null, event: null },
    ]);
  for (const key of await client.keys(`${root}:in:*`)) {
    const [id, expected] = [key.slice(`${root}:in:`.length), await client.hget(key, 'v')];
    const change = { id, expected, version: 'gone', state: null };
    await store.write([{ kind: 'instance', change, event: null, cancels: null }]);
  }
}

redis.describe('when all has ended, and retention has passed', () => {
  let client: Redis;
  beforeAll(async () => void (client = new Redis(await redis.url())));
  afterAll(() => client.quit());

  it.each(storeCases().map((each) => [each.name, each] as const))(
    'no key is left of: %s',
    async (_, each) => {
      const prefix = redis.prefix();
      const clock = new ManualClock();
      const context = { clock, random: { next: () => 0.5 }, warn: () => undefined };
      const opened: Store[] = [];
      const open = async (): Promise<Store> => {
        const store = redisStore({ client, prefix, time: 'app' });
        await store.open(context);
        opened.push(store);
        return store;
      };
      try {
        await each.run({ store: await open(), clock, context, reopen: open, second: open });
        const store = await open();
        await takeBack(store, client, `{${prefix}}`);
        await endAll(store, clock);
        await takeBack(store, client, `{${prefix}}`);
        const [before, limit] = [clock.now() + 1, 10_000];
        while ((await store.prune({ completedBefore: before, failedBefore: before, limit })).more);
        await store.heartbeat({ id: owner, deployment: 'd', role: 'worker', definitions: [] }, 1);
        await store.leave(owner);
        await store.subscriptions();
        const keys = await client.keys(`{${prefix}}:*`);
        expect(
          (await store.list({ limit: 10 })).map(({ id, status }): [ExecutionId, string] => [id, status]),
        ).toEqual([]);
        expect(keys.map((key) => key.slice(prefix.length + 3)).filter((key) => !fixed.test(key))).toEqual([]);
      } finally {
        for (const each_ of opened) await each_.close();
      }
    },
  );
});
