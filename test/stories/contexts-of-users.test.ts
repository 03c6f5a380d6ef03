import { AsyncLocalStorage } from 'node:async_hooks';
import {
  bootstrap,
  Concurrency,
  defineEvent,
  fixed,
  memoryStore,
  OnEvent,
  RateLimit,
  Retry,
  sleep,
  Step,
  Worker,
} from 'holdfast';
import { z } from 'zod';
import { openApp } from './support/open-apps.js';

const Order = defineEvent('contexts.order', z.object({ n: z.number() }));
const Asked = defineEvent('contexts.asked', z.object({ n: z.number() }));

/** As a framework keeps what belongs to a request. */
const request = new AsyncLocalStorage<string>();

let seen: string[] = [];
let failed = new Set<number>();
beforeEach(() => {
  seen = [];
  failed = new Set();
});
const note = (what: string, n: number): void => void seen.push(`${what} ${n}: ${request.getStore()}`);

@Worker('contexts.orders')
class Orders {
  @OnEvent(Order)
  fulfil({ n }: { n: number }): number {
    note('fulfil', n);
    return n;
  }
}

@Worker('contexts.asks')
class Asks {
  @OnEvent(Asked)
  take({ n }: { n: number }): Promise<void> {
    return request.run(`user ${n}`, async () => {
      await this.plain(n);
      await this.alone(n);
      await this.paced(n);
      await this.again(n);
      await this.once(n);
      await sleep('1 minute');
      await this.last(n);
    });
  }

  @Step()
  async plain(n: number): Promise<void> {
    note('plain', n);
  }

  @Step()
  @Concurrency(1)
  async alone(n: number): Promise<void> {
    note('alone', n);
  }

  @Step()
  @RateLimit({ limit: 1, per: '1 second' })
  async paced(n: number): Promise<void> {
    note('paced', n);
  }

  @Step()
  @Retry({ maxAttempts: 2, backoff: fixed('1 second') })
  async again(n: number): Promise<void> {
    note('again', n);
    if (failed.has(n)) return;
    failed.add(n);
    throw new Error('once');
  }

  @Step({ atMostOnce: true })
  async once(n: number): Promise<void> {
    note('once', n);
  }

  @Step()
  async last(n: number): Promise<void> {
    note('last', n);
  }
}

const Entered = defineEvent('contexts.entered', z.object({ n: z.number() }));

@Worker('contexts.enters')
class Enters {
  @OnEvent(Entered)
  enter({ n }: { n: number }): number {
    note('enter', n);
    request.enterWith(`handler ${n}`);
    return n;
  }
}

@Worker('contexts.paced')
class EntersPaced {
  @OnEvent(Entered)
  @RateLimit({ limit: 100, per: '1 second' })
  enter({ n }: { n: number }): number {
    note('enter', n);
    request.enterWith(`handler ${n}`);
    return n;
  }
}

describe('storages of users (AsyncLocalStorage)', () => {
  test('a handler that is claimed in the turn of a request sees nothing of that request', async () => {
    // By the clock of the machine: a virtual one calls its timers where it is advanced.
    const app = await bootstrap({ workers: [Orders], store: memoryStore() });
    await app.start();
    const orders = await Promise.all(
      [1, 2, 3].map((n) => request.run(`request ${n}`, () => app.publish(Order, { n }, { delay: '100ms' }))),
    );
    for (const order of orders) await order.of(Orders, 'fulfil').result();
    await app.close();
    const strange = seen.filter((line) => !/ (\d): (request \1|undefined)$/.test(line));
    expect(seen).toHaveLength(3);
    expect(strange).toEqual([]);
  });

  test('the body of a step sees what its caller sees, whenever it begins', async () => {
    const app = await openApp([Asks]);
    const asks = await Promise.all([1, 2, 3].map((n) => app.publish(Asked, { n })));
    await app.advance('10 minutes');
    for (const ask of asks) await ask.of(Asks, 'take').result();
    expect(seen).toHaveLength(21);
    expect(seen.filter((line) => !/ (\d): user \1$/.test(line))).toEqual([]);
  });

  test.each([
    ['begin by one claim', Enters],
    ['get their places of a rate by one write', EntersPaced],
  ])('what a handler enters for good stays with it, where several %s', async (_, worker) => {
    const app = await openApp([worker]);
    await app.pause(worker);
    const all = await Promise.all([1, 2, 3].map((n) => app.publish(Entered, { n })));
    await app.resume(worker);
    for (const one of all) await one.of(worker, 'enter').result();
    expect(seen.toSorted()).toEqual(['enter 1: undefined', 'enter 2: undefined', 'enter 3: undefined']);
  });
});
