import { Redis } from 'ioredis';
import { redisStore } from '../../../../lib/adapters/redis/redis-store.js';
import { StoreUnavailableError } from '../../../../lib/model/errors-store.js';
import type { Lease } from '../../../../lib/model/lease.js';
import type { Write } from '../../../../lib/ports/store-write.js';
import { StoreDriver } from '../../../../lib/testing/conformance/store-driver.js';
import { ManualClock } from '../../../../lib/testing/manual-clock.js';
import { redisForTests } from '../../../servers/redis-server.js';

const redis = redisForTests();

redis.describe('a script that fails half way', () => {
  let client: Redis;
  let d: StoreDriver;
  beforeAll(async () => void (client = new Redis(await redis.url())));
  beforeEach(async () => {
    const clock = new ManualClock();
    const context = { clock, random: { next: () => 0.5 }, warn: () => undefined };
    const store = redisStore({ client, prefix: redis.prefix(), time: 'app' });
    await store.open(context);
    d = await StoreDriver.start({ store, clock, context, second: () => Promise.resolve(store) });
  });
  afterEach(() => d.store.close());
  afterAll(() => client.quit());

  /** What no codec lets through: the server has no number for it, and its script fails there. */
  function impossible(lease: Lease): Write {
    const timers = { never: Number.POSITIVE_INFINITY };
    return d.delta(lease, { record: { status: 'waiting', waitReason: 'timer', timers } });
  }

  it('keeps nobody from taking what else is due, and its writes are whole when they come again', async () => {
    const lease = await d.run();
    const other = await d.publish({ lane: 'z' });
    const event = d.event([d.execution({ lane: 'a', priority: 9 })], { session: 's' });
    const publish: Write = { kind: 'publish', events: [event] };
    await expect(d.store.write([publish, impossible(lease)])).rejects.toThrow(StoreUnavailableError);

    expect(await d.claimedIds({ limit: 1 })).toEqual([other]);
    expect(await d.store.list({ session: 's', limit: 10 })).toEqual([]);
    expect(await d.store.write([publish])).toMatchObject([{ verdict: 'ok' }]);
    expect(await d.claimedIds()).toEqual(event.executions.map(({ id }) => id));
    expect(await d.claimedIds()).toEqual([]);
  });

  it('leaves nothing that is taken twice', async () => {
    const [lease, sleeper] = [await d.run(), await d.run()];
    const timers = { wake: d.now + 1_000 };
    await d.commit(sleeper, { record: { status: 'waiting', waitReason: 'timer', timers } });
    const { executionId: to } = sleeper;
    const append: Write = {
      kind: 'append',
      message: { id: 'c1' as never, to, kind: 'cancel', body: null },
    };
    await expect(d.store.write([append, impossible(lease)])).rejects.toThrow(StoreUnavailableError);

    expect(await d.claimedIds()).toEqual([]);
    await d.store.write([append]);
    expect(await d.claimedIds()).toEqual([to]);
    expect(await d.claimedIds()).toEqual([]);
  });
});
