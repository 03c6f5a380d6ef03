import {
  CLOCK,
  type Clock,
  Concurrency,
  defineEvent,
  execution,
  fixed,
  memoryStore,
  OnEvent,
  RateLimit,
  Retry,
  Step,
  Worker,
} from 'holdfast';
import { VirtualClock } from 'holdfast/testing';
import { z } from 'zod';
import { openApp } from './support/open-apps.js';

const Asked = defineEvent('limit.asked', z.object({ tenant: z.string(), n: z.number() }));
type Asked = { tenant: string; n: number };

let now = 0;
let most = 0;
const began: { what: string; at: number }[] = [];
beforeEach(() => {
  now = 0;
  most = 0;
  began.length = 0;
});

/** Occupies a place for some virtual time. */
async function occupy(clock: Clock, what: string, ms = 1_000): Promise<string> {
  began.push({ what, at: clock.now() });
  most = Math.max(most, ++now);
  await new Promise<void>((resolve) => void clock.setTimer(ms, resolve));
  now--;
  return what;
}

const asked = (count: number, tenant = 'a'): Asked[] =>
  Array.from({ length: count }, (_, n) => ({ tenant, n }));

@Worker({ id: 'calls', inject: [CLOCK] })
class Calls {
  constructor(private readonly clock: Clock) {}

  @OnEvent(Asked)
  take(one: Asked): Asked {
    return one;
  }

  @Step({ after: 'take' })
  @Concurrency({ limit: 2, key: 'tenant' })
  call({ tenant, n }: Asked): Promise<string> {
    return occupy(this.clock, `${tenant}${n}`);
  }
}

describe('@Concurrency on a step', () => {
  test('bounds bodies of each key across executions; who waits is `waiting`, holds no slot and loses no attempt', async () => {
    const app = await openApp([Calls], { concurrency: 100 });
    const handles = (
      await app.publishMany([...asked(6, 'a'), ...asked(6, 'b')].map((one) => [Asked, one] as const))
    ).map((each) => each.of(Calls));
    await app.settle();
    expect([now, (await app.stats()).waiting]).toEqual([4, 8]);
    await app.advance('10s');
    await Promise.all(handles.map((handle) => handle.result()));
    expect(most).toBe(4);
    const attempts = await Promise.all(handles.map(async (handle) => (await handle.steps())[0]?.attempt));
    expect(attempts).toEqual(handles.map(() => 1));
  });

  test('holds over two apps on one store, and the permits of a killed process are free again', async () => {
    const store = memoryStore();
    const first = await openApp([Calls], { store });
    const second = await openApp([Calls], { store });
    const handles = (await first.publishMany(asked(4).map((one) => [Asked, one] as const))).map((each) =>
      each.of(Calls),
    );
    const others = (await second.publishMany(asked(4).map((one) => [Asked, one] as const))).map((each) =>
      each.of(Calls),
    );
    await first.settle();
    expect(now).toBe(2);
    await first.crash();
    began.length = 0;
    await second.advance('2 minutes');
    await Promise.all([...handles, ...others].map(({ id }) => second.execution(id).result()));
    const times = began.map(({ at }) => at);
    expect(times).toHaveLength(8);
    expect(
      Math.max(...times.map((at) => times.filter((other) => other > at - 1_000 && other <= at).length)),
    ).toBe(2);
  });

  test('of a fan-out bounds its items beside `each`’s own concurrency', async () => {
    @Worker({ id: 'fan', inject: [CLOCK] })
    class Fan {
      constructor(private readonly clock: Clock) {}

      @OnEvent(Asked)
      take({ n }: Asked): number {
        return n;
      }

      @Step({ after: 'take', each: (n: number) => Array.from({ length: n }, (_, at) => at) })
      @Concurrency(3)
      item(n: number): Promise<string> {
        return occupy(this.clock, `item ${n}`);
      }

      @Step({ after: 'item' })
      count(items: string[]): number {
        return items.length;
      }
    }
    const app = await openApp([Fan]);
    const one = (await app.publish(Asked, { tenant: 'a', n: 10 })).of(Fan);
    const two = (await app.publish(Asked, { tenant: 'a', n: 10 })).of(Fan);
    await app.advance('1 minute');
    await Promise.all([one.result(), two.result()]);
    expect([began.length, most]).toEqual([20, 3]);
  });
});

describe('@Concurrency on a handler', () => {
  @Worker({ id: 'serial', inject: [CLOCK] })
  class Serial {
    constructor(private readonly clock: Clock) {}

    @OnEvent(Asked)
    @Concurrency({ limit: 1, key: 'tenant' })
    take(one: Asked): Asked {
      return one;
    }

    @Step({ after: 'take' })
    work({ tenant, n }: Asked): Promise<string> {
      return occupy(this.clock, `${tenant}${n}`);
    }
  }

  test('keeps executions of a key behind each other, in the order of their publishing, their whole graph', async () => {
    const app = await openApp([Serial]);
    for (const one of asked(4)) await app.publish(Asked, one);
    await app.settle();
    expect([now, (await app.stats()).waiting]).toEqual([1, 3]);
    await app.advance('10s');
    expect([began.map(({ what }) => what), most]).toEqual([['a0', 'a1', 'a2', 'a3'], 1]);
  });

  test('is fair: a key with hundreds due does not keep another one waiting', async () => {
    const app = await openApp([Serial], { concurrency: 2 });
    await app.publishMany(asked(300, 'hot').map((one) => [Asked, one] as const));
    await app.settle();
    const cold = (await app.publish(Asked, { tenant: 'cold', n: 0 })).of(Serial);
    await app.advance('1s');
    expect(await cold.status()).toBe('completed');
    expect(began.filter(({ what }) => what.startsWith('hot')).length).toBeLessThan(4);
  });

  test('a cancel of one that waits takes it out of the queue', async () => {
    const app = await openApp([Serial]);
    const handles = [];
    for (const one of asked(3)) handles.push((await app.publish(Asked, one)).of(Serial));
    await app.settle();
    await handles[1]?.cancel();
    await app.advance('10s');
    expect(await Promise.all(handles.map((handle) => handle.status()))).toEqual([
      'completed',
      'cancelled',
      'completed',
    ]);
    expect(began.map(({ what }) => what)).toEqual(['a0', 'a2']);
  });
});

describe('@RateLimit', () => {
  test('on a step begins its limit at once, then one every `per / limit`: no slot, no attempt lost, by key; a repeated attempt counts', async () => {
    @Worker({ id: 'rated', inject: [CLOCK] })
    class Rated {
      constructor(private readonly clock: Clock) {}

      @OnEvent(Asked)
      take(one: Asked): Asked {
        return one;
      }

      @Step({ after: 'take' })
      @RateLimit({ limit: 2, per: '1 minute', key: ({ tenant }: Asked) => tenant })
      @Retry({ maxAttempts: 2, backoff: fixed('1s') })
      async send({ tenant, n }: Asked): Promise<string> {
        began.push({ what: `${tenant}${n}`, at: this.clock.now() });
        if (tenant === 'b' && execution().attempt === 1) throw new Error('again');
        return tenant;
      }
    }
    const app = await openApp([Rated], { concurrency: 1 });
    const start = app.clock.now();
    const handles = [];
    for (const one of [...asked(6, 'a'), ...asked(1, 'b')])
      handles.push((await app.publish(Asked, one)).of(Rated));
    await app.advance('10s');
    expect(began.filter(({ what }) => what.startsWith('b')).map(({ at }) => at - start)).toEqual([0, 1_000]);
    await app.advance('5 minutes');
    const times = began.filter(({ what }) => what.startsWith('a')).map(({ at }) => at - start);
    expect(times).toEqual([0, 0, 30_000, 60_000, 90_000, 120_000]);
    const attempts = await Promise.all(
      handles.slice(0, 6).map(async (handle) => (await handle.steps())[0]?.attempt),
    );
    expect(attempts).toEqual([1, 1, 1, 1, 1, 1]);
  });

  test('on a handler spreads beginnings, and outlives the process', async () => {
    @Worker({ id: 'starts', inject: [CLOCK] })
    class Starts {
      constructor(private readonly clock: Clock) {}

      @OnEvent(Asked)
      @RateLimit({ limit: 1, per: '10s' })
      take({ n }: Asked): number {
        began.push({ what: String(n), at: this.clock.now() });
        return n;
      }
    }
    const app = await openApp([Starts]);
    const start = app.clock.now();
    for (const one of asked(4)) await app.publish(Asked, one);
    await app.settle();
    await app.crash();
    await app.advance('5s');
    await app.restart();
    await app.advance('1 minute');
    expect(began.map(({ at }) => at - start)).toEqual([0, 10_000, 20_000, 30_000]);
  });
});

describe('limits from a provider', () => {
  class AppConfig {
    orders = 3;
    window = '1 hour' as const;
  }

  test('are read when the app is made', async () => {
    @Worker({ id: 'provided', inject: [CLOCK] })
    class Provided {
      constructor(private readonly clock: Clock) {}

      @OnEvent(Asked)
      take(one: Asked): Asked {
        return one;
      }

      @Step({ after: 'take' })
      @Concurrency({ from: AppConfig, limit: (config) => config.orders })
      work({ tenant, n }: Asked): Promise<string> {
        return occupy(this.clock, `${tenant}${n}`);
      }
    }
    const app = await openApp([Provided], { providers: [AppConfig] });
    await app.publishMany(asked(8).map((one) => [Asked, one] as const));
    await app.settle();
    expect(now).toBe(3);
    await app.advance('10s');
    expect([began.length, most]).toEqual([8, 3]);
  });
});

describe('priority', () => {
  test('of a handler is its executions’ default, and that of a publish wins', async () => {
    const order: string[] = [];
    @Worker('ranked')
    class Ranked {
      @OnEvent(Asked, { priority: 10 })
      high({ n }: Asked): void {
        order.push(`high ${n}`);
      }

      @OnEvent(Asked)
      low({ n }: Asked): void {
        order.push(`low ${n}`);
      }
    }
    const store = memoryStore();
    const clock = new VirtualClock();
    const publisher = await openApp([], { store, clock, role: 'publisher' });
    const registrar = await openApp([Ranked], { store, clock });
    await registrar.close();
    for (const n of [1, 2]) await publisher.publish(Asked, { tenant: 'a', n });
    await publisher.publish(Asked, { tenant: 'a', n: 3 }, { priority: 50 });
    const app = await openApp([Ranked], { store, clock, concurrency: 1 });
    await app.advance('10s');
    expect(order.filter((each) => each.startsWith('high'))).toEqual(['high 3', 'high 1', 'high 2']);
    expect(order).toHaveLength(6);
  });
});
