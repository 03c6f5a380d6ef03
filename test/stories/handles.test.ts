import { inspect } from 'node:util';
import {
  defineEvent,
  execution,
  ExecutionNotFoundError,
  ExecutionStateError,
  fixed,
  memoryStore,
  NonRetryableError,
  NotSubscribedError,
  OnEvent,
  ParkedError,
  Retry,
  sleep,
  Step,
  step,
  StepInterruptedError,
  Timeout,
  Worker,
  ConfigurationError,
} from 'holdfast';
import { z } from 'zod';
import { openApp } from './support/open-apps.js';

const Start = defineEvent('start', z.object({ n: z.number().default(0) }));

const ran: unknown[] = [];
let isBroken = true;
beforeEach(() => {
  ran.length = 0;
  isBroken = true;
});

@Worker('orders')
class OrderWorker {
  @OnEvent(Start)
  async fulfil(): Promise<string> {
    const receipt = await this.charge();
    await sleep('1 hour');
    return this.ship(receipt);
  }

  @Step()
  async charge(): Promise<string> {
    ran.push(['charge', execution().idempotencyKey]);
    return this.authorize();
  }

  @Step()
  async authorize(): Promise<string> {
    ran.push(['authorize']);
    return 'authorized';
  }

  @Step()
  @Retry({ maxAttempts: 2, backoff: fixed('1s') })
  async ship(receipt: string): Promise<string> {
    ran.push(['ship', execution().attempt, execution().idempotencyKey]);
    if (isBroken) throw new Error('no van');
    return `shipped ${receipt}`;
  }
}

const names = (): unknown[] => ran.map((each) => (each as readonly unknown[])[0]);

describe('a handle', () => {
  test('tells status and steps while it goes', async () => {
    const app = await openApp([OrderWorker]);
    const delayed = (await app.publish(Start, {}, { delay: '1 day' })).of(OrderWorker, 'fulfil');
    expect(await delayed.status()).toBe('pending');
    const handle = (await app.publish(Start, {})).of(OrderWorker, 'fulfil');
    const start = app.clock.now();
    await app.settle();
    expect(await handle.status()).toBe('waiting');
    expect(await handle.steps()).toEqual([
      {
        path: 'fulfil/charge/authorize',
        status: 'completed',
        attempt: 1,
        value: 'authorized',
        startedAt: start,
        endedAt: start,
      },
      {
        path: 'fulfil/charge',
        status: 'completed',
        attempt: 1,
        value: 'authorized',
        startedAt: start,
        endedAt: start,
      },
      { path: 'fulfil/sleep', status: 'running', attempt: 1, startedAt: start, endedAt: null },
    ]);
    await app.advance('1 hour');
    expect((await handle.steps()).at(-1)).toMatchObject({
      path: 'fulfil/ship',
      status: 'running',
      attempt: 1,
    });
    await app.advance('1s');
    expect(await handle.status()).toBe('failed');
  });

  test('A6 · of a failed execution rejects with the error, and its outcome names the steps', async () => {
    const app = await openApp([OrderWorker]);
    const handle = (await app.publish(Start, {})).of(OrderWorker, 'fulfil');
    await app.advance('2 hours');
    await expect(handle.result()).rejects.toThrow('no van');
    expect(await handle.outcome()).toMatchObject({
      success: false,
      error: {
        message: 'no van',
        failedStep: 'fulfil/ship',
        completedSteps: ['fulfil/charge/authorize', 'fulfil/charge', 'fulfil/sleep'],
      },
      executionTime: 3_601_000,
      metadata: { worker: 'orders', handler: 'fulfil', executionId: handle.id, session: null, attempt: 1 },
    });
  });

  test('is found again by its id, and unknown ids are told', async () => {
    const app = await openApp([OrderWorker]);
    const published = await app.publish(Start, {});
    const handle = app.execution(published.of(OrderWorker).id);
    expect(await handle.status()).toBe('running');
    await expect(app.execution('no-such').status()).rejects.toThrow(ExecutionNotFoundError);
    await expect(app.execution('no-such').result()).rejects.toThrow(ExecutionNotFoundError);
    @Worker('other')
    class OtherWorker {
      @OnEvent('other')
      run(): void {}
    }
    expect(() => published.of(OtherWorker)).toThrow(NotSubscribedError);
    @Worker('two')
    class Two {
      @OnEvent(Start)
      a(): void {}
      @OnEvent(Start)
      b(): void {}
    }
    const both = await (await openApp([Two])).publish(Start, {});
    expect(() => both.of(Two)).toThrow("event 'start' started a and b of two. Say which: of(Two, 'a')");
    expect(both.of(Two, 'b').handler).toBe('b');
  });

  test("gives each who asks a value that is neither another's nor the handler's", async () => {
    const kept = { items: ['a'], seen: 0 };
    @Worker('lists')
    class ListWorker {
      @OnEvent(Start)
      async list() {
        return kept;
      }
    }
    const app = await openApp([ListWorker]);
    const published = await app.publish(Start, {});
    const handle = published.of(ListWorker, 'list');
    const together = await Promise.all([handle.result(), handle.result(), handle.outcome()]);
    kept.items.push('changed by the worker');
    const [first, second, { value: third }] = together as [typeof kept, typeof kept, { value: typeof kept }];
    first.items.push('changed by who asked');
    first.seen++;
    const later = await handle.result();
    const other = await app.execution(handle.id).result();
    for (const value of [second, third, later, other]) expect(value).toEqual({ items: ['a'], seen: 0 });
    expect(new Set([kept, first, second, third, later, other]).size).toBe(6);
  });

  test('refuses a timeout that is no duration', async () => {
    const app = await openApp([OrderWorker]);
    const handle = (await app.publish(Start, {})).of(OrderWorker);
    const timeout = 'soon' as '1s';
    await expect(handle.result({ timeout })).rejects.toThrow(
      "result(): timeout: 'soon' is not possible. Write ms or text such as",
    );
    await expect(handle.outcome({ timeout })).rejects.toThrow(ConfigurationError);
  });

  test('gives up waiting after a timeout, and the execution goes on', async () => {
    isBroken = false;
    const app = await openApp([OrderWorker]);
    const handle = (await app.publish(Start, {})).of(OrderWorker, 'fulfil');
    const impatient = handle.result({ timeout: '10s' }).catch((error: unknown) => error);
    await app.advance('10s');
    expect(await impatient).toMatchObject({ name: 'TimeoutError' });
    await app.advance('1 hour');
    expect(await handle.result()).toBe('shipped authorized');
  });
});

describe('retry', () => {
  test('goes on at what failed, with fresh attempts and a new idempotency key for it', async () => {
    const app = await openApp([OrderWorker]);
    const handle = (await app.publish(Start, {})).of(OrderWorker, 'fulfil');
    await app.advance('2 hours');
    expect(await handle.status()).toBe('failed');
    isBroken = false;
    await handle.retry();
    expect(await handle.result()).toBe('shipped authorized');
    expect(names()).toEqual(['charge', 'authorize', 'ship', 'ship', 'ship']);
    const ships = ran.filter((each) => (each as unknown[])[0] === 'ship') as [string, number, string][];
    expect(ships.map(([, attempt]) => attempt)).toEqual([1, 2, 1]);
    expect([ships[0]?.[2] === ships[1]?.[2], ships[1]?.[2] === ships[2]?.[2]]).toEqual([true, false]);
  });

  test('I21 · from a step forgets it and all after it, and keeps what was before', async () => {
    isBroken = false;
    const app = await openApp([OrderWorker]);
    const handle = (await app.publish(Start, {})).of(OrderWorker, 'fulfil');
    await app.advance('1 hour');
    expect(await handle.result()).toBe('shipped authorized');
    await expect(handle.retry()).rejects.toThrow(ExecutionStateError);
    await expect(handle.retry({ from: 'no such' })).rejects.toThrow('Recorded steps are');
    await handle.retry({ from: 'ship' });
    await app.settle();
    expect(await handle.result()).toBe('shipped authorized');
    expect(names()).toEqual(['charge', 'authorize', 'ship', 'ship']);
    await handle.retry({ from: 'charge' });
    await app.advance('1 hour');
    expect(await handle.result()).toBe('shipped authorized');
    expect(names()).toEqual(['charge', 'authorize', 'ship', 'ship', 'charge', 'authorize', 'ship']);
    const [first, second] = ran.filter((each) => (each as unknown[])[0] === 'charge') as [string, string][];
    expect(second).toEqual(first);
  });

  test('and resume of one that is not failed or parked are refused', async () => {
    const app = await openApp([OrderWorker]);
    const handle = (await app.publish(Start, {})).of(OrderWorker, 'fulfil');
    await app.settle();
    await expect(handle.resume()).rejects.toThrow(ExecutionStateError);
    await expect(handle.retry()).rejects.toMatchObject({ code: 'EXECUTION_STATE' });
    expect(await handle.status()).toBe('waiting');
  });
});

describe('code that does not fit what was recorded', () => {
  class Deployed {
    async fetch(url: string): Promise<string> {
      return url;
    }
  }

  @Worker('deployed')
  class Before extends Deployed {
    @OnEvent(Start)
    async run(): Promise<string> {
      const first = await this.fetch('v1');
      await sleep('1 hour');
      return first;
    }

    @Step()
    override async fetch(url: string): Promise<string> {
      return super.fetch(url);
    }
  }

  @Worker('deployed')
  class OtherArguments extends Deployed {
    @OnEvent(Start)
    async run(): Promise<string> {
      const first = await this.fetch('v2');
      await sleep('1 hour');
      return first;
    }

    @Step()
    override async fetch(url: string): Promise<string> {
      return super.fetch(url);
    }
  }

  @Worker('deployed')
  class OtherName {
    @OnEvent(Start)
    async run(): Promise<string> {
      const first = await step('new name', () => 'other');
      await sleep('1 hour');
      return first;
    }
  }

  test.each([
    [OtherArguments, 'NON_DETERMINISM'],
    [OtherName, 'GRAPH_MISMATCH'],
  ] as const)('parks the execution, which goes on after a fix (%p: %s)', async (After, code) => {
    const store = memoryStore();
    const before = await openApp([Before], { store });
    const { id } = (await before.publish(Start, {})).of(Before);
    await before.settle();
    await before.close();
    const errors: unknown[] = [];
    const after = await openApp([After], { store, onError: (error) => errors.push(error) });
    const parked = after.execution(id);
    await after.advance('2 hours');
    expect(await parked.status()).toBe('parked');
    await expect(parked.result()).rejects.toThrow(ParkedError);
    await expect(parked.result()).rejects.toMatchObject({ cause: { code } });
    expect(errors).toContainEqual(expect.objectContaining({ code }));
    await after.close();
    const mended = await openApp([Before], { store });
    const handle = mended.execution(id);
    await handle.resume();
    await mended.advance('1 hour');
    expect(await handle.result()).toBe('v1');
  });
});

describe('a step that runs at most once', () => {
  @Worker('once')
  class OnceWorker {
    @OnEvent(Start)
    async run(): Promise<string> {
      try {
        return await this.pay();
      } catch (error) {
        return (error as Error).name;
      }
    }

    @Step({ atMostOnce: true })
    async pay(): Promise<string> {
      ran.push('pay');
      return 'paid';
    }
  }

  test('ends with StepInterruptedError when its process died in it, and is not begun again', async () => {
    const app = await openApp([OnceWorker]);
    app.override(OnceWorker, 'pay', () => {
      ran.push('pay');
      return new Promise<string>(() => {});
    });
    const handle = (await app.publish(Start, {})).of(OnceWorker, 'run');
    await app.settle();
    await app.crash();
    await app.restart();
    expect(await handle.result()).toBe(StepInterruptedError.name);
    expect(ran).toEqual(['pay']);
  });

  test('runs like any other when nothing happens', async () => {
    const app = await openApp([OnceWorker]);
    expect([await app.execute(Start, {}), ran]).toEqual([['paid'], ['pay']]);
  });
});

describe('errors of the framework', () => {
  test('A8 · have a code, say whether trying again may help, and keep their cause', () => {
    const cause = new Error('inner');
    const error = new NonRetryableError('card declined', { cause } as never);
    expect([error.code, error.retryable, error.name]).toEqual(['NON_RETRYABLE', false, 'NonRetryableError']);
    expect(error.cause).toBe(cause);
    expect(new ExecutionNotFoundError('x')).toMatchObject({ code: 'EXECUTION_NOT_FOUND', executionId: 'x' });
  });
});

describe('steps of other workers', () => {
  @Worker('shipping')
  class ShippingWorker {
    @Step()
    @Timeout('10s')
    @Retry({ maxAttempts: 2, backoff: fixed('5s') })
    async ship(parcel: string): Promise<string> {
      ran.push(`ship ${execution().attempt}`);
      if (execution().attempt === 1) throw new Error('no van');
      return `shipped ${parcel}`;
    }
  }

  @Worker('shop')
  class ShopWorker {
    constructor(private readonly shipping: ShippingWorker) {}

    @OnEvent(Start)
    async run(): Promise<string> {
      const shipped = await this.shipping.ship('books');
      await sleep('1 hour');
      return shipped;
    }
  }

  test('A33 · run on that worker with its policies, under its name in the path, and are memoised', async () => {
    const app = await openApp([ShippingWorker, ShopWorker]);
    const handle = (await app.publish(Start, {})).of(ShopWorker, 'run');
    await app.advance('4999ms');
    expect(ran).toEqual(['ship 1']);
    await app.advance('2 hours');
    expect(await handle.result()).toBe('shipped books');
    expect(ran).toEqual(['ship 1', 'ship 2']);
    expect((await handle.steps()).map((each) => each.path)).toEqual(['run/shipping.ship', 'run/sleep']);
  });
});

test('a publication is shown with its executions, and nothing of the app behind them', async () => {
  const app = await openApp([OrderWorker]);
  const published = await app.publish(Start, {}, { id: 'e-1' });
  const { id } = published.of(OrderWorker, 'fulfil');
  expect(inspect(published)).toBe(
    `Publication {\n  eventId: 'e-1',\n  event: 'start',\n  executions: [\n    ExecutionHandle {\n      id: '${id}',\n      worker: 'orders',\n      handler: 'fulfil'\n    }\n  ]\n}`,
  );
});
