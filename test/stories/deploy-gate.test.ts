import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Compensate,
  defineEvent,
  execution,
  type ExecutionContext,
  fixed,
  memoryStore,
  NonRetryableError,
  OnEvent,
  RenamedFrom,
  Retry,
  sleep,
  sqliteStore,
  Step,
  type Store,
  Worker,
  type WorkerClass,
} from 'holdfast';
import { z } from 'zod';
import { openApp } from './support/open-apps.js';

const Placed = defineEvent('gate.placed', z.object({ n: z.number() }));

const ran: string[] = [];
const keys: string[] = [];
beforeEach(() => {
  ran.length = 0;
  keys.length = 0;
});

function note(line: string): string {
  ran.push(line);
  return line;
}

/** Runs the worker on the store until `stop`, as a process that is deployed and ends. */
async function deploy(worker: WorkerClass, store: Store) {
  const app = await openApp([worker], { store, logger: silent });
  await app.settle();
  return app;
}

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** pack → ship, with an hour between. */
function chain() {
  @Worker('orders')
  class Orders {
    @OnEvent(Placed) async fulfil({ n }: { n: number }): Promise<number> {
      if (n < 0) await sleep('1 hour');
      return n;
    }

    @Step({ after: 'fulfil' }) async pack(n: number): Promise<number> {
      note(`pack ${n}`);
      return n;
    }

    @Step({ after: 'pack' }) async label(n: number): Promise<number> {
      note(`label ${n}`);
      return n;
    }

    @Step({ after: 'label' }) async ship(n: number): Promise<number> {
      await sleep('1 hour');
      note(`ship ${n}`);
      return n;
    }
  }
  return Orders;
}

/** Both come after `pack`: `label` is wired as before, `ship` is not. */
function parallel() {
  @Worker('orders')
  class Orders {
    @OnEvent(Placed) async fulfil({ n }: { n: number }): Promise<number> {
      if (n < 0) await sleep('1 hour');
      return n;
    }

    @Step({ after: 'fulfil' }) async pack(n: number): Promise<number> {
      note(`pack ${n}`);
      return n;
    }

    @Step({ after: 'pack' }) async ship(n: number): Promise<number> {
      note(`ship early ${n}`);
      return n;
    }

    @Step({ after: ['pack', 'ship'] }) async label(n: number, _ship: number): Promise<number> {
      note(`label late ${n}`);
      return n;
    }
  }
  return Orders;
}

describe('a declared graph that is wired otherwise', () => {
  test('parks those who recorded what was rewired; those who did not come there go on with the new wiring', async () => {
    const store = memoryStore();
    const old = await deploy(chain(), store);
    const labelled = (await old.publish(Placed, { n: 1 })).executions[0]?.id ?? '';
    const before = (await old.publish(Placed, { n: -1 })).executions[0]?.id ?? '';
    await old.settle();
    await old.close();
    expect(ran.toSorted()).toEqual(['label 1', 'pack 1']);
    ran.length = 0;
    const next = await deploy(parallel(), store);
    expect(await next.execution(labelled).status()).toBe('parked');
    await expect(next.execution(labelled).result()).rejects.toMatchObject({
      cause: {
        code: 'GRAPH_MISMATCH',
        steps: ['label', 'ship'],
        message: expect.stringContaining(
          "declared step 'label' came after 'pack' and comes after 'pack', 'ship' now",
        ),
      },
    });
    await next.advance('2 hours');
    expect(await next.execution(before).status()).toBe('completed');
    expect(ran).toEqual(['pack -1', 'ship early -1', 'label late -1']);
  });
});

describe('a declared step that was renamed', () => {
  test('is not run again where it says its former name', async () => {
    const store = memoryStore();
    const old = await deploy(chain(), store);
    const id = (await old.publish(Placed, { n: 1 })).executions[0]?.id ?? '';
    await old.settle();
    await old.close();
    @Worker('orders')
    class Orders {
      @OnEvent(Placed) async fulfil({ n }: { n: number }): Promise<number> {
        note('the handler began again');
        return n;
      }

      @Step({ after: 'fulfil' })
      @RenamedFrom('pack')
      async wrap(n: number): Promise<number> {
        note('wrapped again');
        return n;
      }

      @Step({ after: 'wrap' }) async label(n: number): Promise<number> {
        note('labelled again');
        return n;
      }

      @Step({ after: 'label' }) async ship(n: number): Promise<number> {
        await sleep('1 hour');
        note(`ship ${n}`);
        return n;
      }
    }
    const next = await deploy(Orders, store);
    await next.advance('2 hours');
    expect(await next.execution(id).status()).toBe('completed');
    expect(ran).toEqual(['pack 1', 'label 1', 'ship 1']);
  });
});

/** What tells the outside world that two attempts are of one call. */
function callOf(context: ExecutionContext): string {
  return [context.idempotencyKey, context.uuid(), context.random()].join(' ');
}

/** `steps` are called in order, an hour apart; a body notes its name and key, and fails as often as it is told. */
function inline(names: readonly string[], former: Readonly<Record<string, string>> = {}, fails = 0) {
  let left = fails;
  class Base {
    @OnEvent(Placed) async fulfil({ n }: { n: number }): Promise<string> {
      let last = '';
      for (const name of names) {
        const call = (this as unknown as Record<string, (n: number) => Promise<string>>)[name];
        last = (await call?.call(this, n)) ?? '';
        await sleep('1 hour');
      }
      return last;
    }
  }
  for (const name of names) {
    Object.defineProperty(Base.prototype, name, {
      configurable: true,
      writable: true,
      value: async (n: number) => {
        keys.push(callOf(execution()));
        if (left-- > 0) throw new Error('not yet');
        return note(`${name} ${n}`);
      },
    });
    const descriptor = Object.getOwnPropertyDescriptor(Base.prototype, name) as TypedPropertyDescriptor<
      (n: number) => Promise<string>
    >;
    const old = former[name];
    const apply = (decorator: unknown): void => {
      (decorator as (target: object, key: string, found: PropertyDescriptor) => void)(
        Base.prototype,
        name,
        descriptor,
      );
    };
    apply(Retry({ maxAttempts: 9, backoff: fixed('30m'), jitter: 0 }));
    apply(Step());
    if (old !== undefined) apply(RenamedFrom(old));
    Object.defineProperty(Base.prototype, name, descriptor);
  }
  Worker('orders')(Base);
  return Base;
}

describe('several deploys during one execution', () => {
  test('each is compared with the one before, and former names are kept as long as they are declared', async () => {
    const store = memoryStore();
    const first = await deploy(inline(['a', 'x']), store);
    const id = (await first.publish(Placed, { n: 1 })).executions[0]?.id ?? '';
    await first.settle();
    await first.close();
    const second = await deploy(inline(['b', 'x'], { b: 'a' }), store);
    await second.advance('1 hour');
    await second.close();
    expect(ran).toEqual(['a 1', 'x 1']);
    const wrong = await deploy(inline(['b', 'y'], { b: 'a' }), store);
    await wrong.settle();
    await expect(wrong.execution(id).result()).rejects.toMatchObject({ cause: { steps: ['x'] } });
    await wrong.close();
    const forgetful = await deploy(inline(['b', 'y'], { y: 'x' }), store);
    await forgetful.execution(id).resume();
    await forgetful.settle();
    await expect(forgetful.execution(id).result()).rejects.toMatchObject({ cause: { steps: ['a'] } });
    await forgetful.close();
    const right = await deploy(inline(['c', 'y'], { c: 'a', y: 'x' }), store);
    await right.execution(id).resume();
    await right.advance('2 hours');
    expect([await right.execution(id).result(), ran]).toEqual(['x 1', ['a 1', 'x 1']]);
  });

  test('a process of the deploy before does not take back what the newer one has gone on with', async () => {
    const store = memoryStore();
    const v1 = inline(['a', 'x']);
    const first = await deploy(v1, store);
    const id = (await first.publish(Placed, { n: 1 })).executions[0]?.id ?? '';
    await first.settle();
    await first.close();
    const v2 = inline(['a', 'y']);
    const second = await deploy(v2, store);
    await second.advance('1 hour');
    expect(ran).toEqual(['a 1', 'y 1']);
    const stored = store.getState().executions.find(({ record }) => record.id === id)?.record;
    expect(stored?.definition.fingerprint).toBe(second.graph(v2).fingerprint);
    const back = await deploy(v1, store);
    await second.close();
    await back.settle();
    expect(await back.execution(id).status()).toBe('waiting');
    await back.advance('1 hour');
    await expect(back.execution(id).result()).rejects.toMatchObject({ cause: { steps: ['y'] } });
    expect(ran).toEqual(['a 1', 'y 1']);
  });

  test('a renamed step keeps the idempotency key and the chance of the attempts before', async () => {
    const store = memoryStore();
    const first = await deploy(inline(['a'], {}, 1), store);
    const id = (await first.publish(Placed, { n: 1 })).executions[0]?.id ?? '';
    await first.settle();
    await first.close();
    const second = await deploy(inline(['b'], { b: 'a' }), store);
    await second.advance('3 hours');
    expect(await second.execution(id).result()).toBe('b 1');
    expect(keys).toHaveLength(2);
    expect(keys[1]).toBe(keys[0]);
  });
});

describe('what a newer deploy left behind', () => {
  test('is not taken by an older process until the newer ones have been gone for ten minutes', async () => {
    const store = memoryStore();
    const old = await deploy(inline(['a', 'x']), store);
    await old.advance('1 minute');
    const v2 = inline(['b', 'x']);
    const canary = await deploy(v2, store);
    const id = (await canary.publish(Placed, { n: 1 })).executions[0]?.id ?? '';
    await canary.settle();
    await canary.crash();
    await old.advance('9 minutes');
    expect(await old.execution(id).status()).toBe('waiting');
    await canary.restart();
    await canary.settle();
    await old.advance('9 minutes');
    expect(await old.execution(id).status()).toBe('waiting');
    await canary.close();
    await old.advance('11 minutes');
    await expect(old.execution(id).result()).rejects.toMatchObject({ cause: { steps: ['b'] } });
    expect(ran).toEqual(['b 1']);
  });
});

describe('a step of another worker', () => {
  test('is found under its former name in the executions that called it', async () => {
    const store = memoryStore();
    const shop = (name: 'ship' | 'send', former: string | null) => {
      @Worker('shipping')
      class Shipping {
        async ship(n: number): Promise<string> {
          return note(`ship ${n}`);
        }

        async send(n: number): Promise<string> {
          return note(`send ${n}`);
        }
      }
      for (const decorator of [Step(), ...(former === null ? [] : [RenamedFrom(former)])]) {
        const descriptor = Object.getOwnPropertyDescriptor(Shipping.prototype, name) ?? {};
        (decorator as (target: object, key: string, found: PropertyDescriptor) => void)(
          Shipping.prototype,
          name,
          descriptor,
        );
        Object.defineProperty(Shipping.prototype, name, descriptor);
      }
      @Worker({ id: 'orders', inject: [Shipping] })
      class Orders {
        constructor(private readonly shipping: Shipping) {}

        @OnEvent(Placed) async fulfil({ n }: { n: number }): Promise<string> {
          const parcel = await this.shipping[name](n);
          await sleep('1 hour');
          return parcel;
        }
      }
      return [Orders, Shipping];
    };
    const first = await openApp(shop('ship', null), { store });
    const id = (await first.publish(Placed, { n: 1 })).executions[0]?.id ?? '';
    await first.settle();
    await first.close();
    const next = await openApp(shop('send', 'ship'), { store });
    await next.advance('2 hours');
    expect([await next.execution(id).result(), ran]).toEqual(['ship 1', ['ship 1']]);
  });
});

describe('compensations of an execution that does not fit', () => {
  test('are not lost by a cancel: it stays parked until the graph fits', async () => {
    const store = memoryStore();
    const orders = (step: 'charge' | 'bill', former: string | null) => {
      @Worker('orders')
      class Orders {
        @OnEvent(Placed) async fulfil({ n }: { n: number }): Promise<void> {
          if (step === 'charge') await this.charge(n);
          else await this.bill(n);
          await sleep('1 hour');
          throw new NonRetryableError('not in stock');
        }

        async charge(n: number): Promise<string> {
          return note(`charge ${n}`);
        }

        async bill(n: number): Promise<string> {
          return note(`bill ${n}`);
        }

        async refund(receipt: string): Promise<void> {
          note(`refund ${receipt}`);
        }
      }
      const decorate = (name: 'charge' | 'bill' | 'refund', ...decorators: unknown[]): void => {
        for (const decorator of decorators) {
          const descriptor = Object.getOwnPropertyDescriptor(Orders.prototype, name) ?? {};
          (decorator as (target: object, key: string, found: PropertyDescriptor) => void)(
            Orders.prototype,
            name,
            descriptor,
          );
          Object.defineProperty(Orders.prototype, name, descriptor);
        }
      };
      decorate(step, Step());
      if (former !== null) decorate(step, RenamedFrom(former));
      decorate('refund', Compensate(step));
      return Orders;
    };
    const first = await deploy(orders('charge', null), store);
    const id = (await first.publish(Placed, { n: 1 })).executions[0]?.id ?? '';
    await first.settle();
    await first.close();
    const wrong = await deploy(orders('bill', null), store);
    await wrong.execution(id).cancel();
    await wrong.settle();
    expect(await wrong.execution(id).status()).toBe('parked');
    await wrong.close();
    const right = await deploy(orders('bill', 'charge'), store);
    await right.execution(id).cancel();
    await right.advance('1 minute');
    expect([await right.execution(id).status(), ran]).toEqual(['cancelled', ['charge 1', 'refund charge 1']]);
  });
});

describe('what is told at a deploy', () => {
  test('names the executions once, ten of them at most, and parks those that sleep at once', async () => {
    const store = memoryStore();
    const first = await deploy(inline(['a']), store);
    const published = await first.publishMany(Array.from({ length: 14 }, (_, n) => [Placed, { n }] as const));
    const ids = published.flatMap(({ executions }) => executions.map(({ id }) => id));
    await first.settle();
    await first.close();
    const { told, logger } = recorded();
    const next = await openApp([inline(['b'])], { store, logger });
    await next.settle();
    await next.advance('1 minute');
    const statuses = await Promise.all(ids.map((id) => next.execution(id).status()));
    expect(new Set(statuses)).toEqual(new Set(['parked']));
    expect(told.filter((line) => line.includes('14 executions'))).toEqual([
      "14 executions do not fit the deployed graph of worker 'orders' and are parked: " +
        "step 'a' is gone: write @RenamedFrom('a') on the step that took its place, or bring 'a' back. " +
        `Then resume() ${quoted(ids.slice(0, 10))} and 4 more. 'npx holdfast check' tells this before a deploy`,
    ]);
    const parked = told.filter((line) => line.startsWith('execution parked'));
    expect([parked.length, new Set(parked)]).toEqual([
      14,
      new Set([
        "execution parked: it waits for a person: GraphMismatchError: it recorded 'a', which the deployed graph has no place for",
      ]),
    ]);
  });

  test('names executions of a handler that has another name now, which wait until it is back', async () => {
    const store = memoryStore();
    const first = await deploy(inline(['a']), store);
    const ids = (
      await first.publishMany([
        [Placed, { n: 1 }],
        [Placed, { n: 2 }],
      ])
    ).flatMap(({ executions }) => executions.map(({ id }) => id));
    await first.settle();
    await first.close();
    const { told, logger } = recorded();
    const next = await openApp([accepting()], { store, logger });
    await next.advance('3 hours');
    expect(told).toEqual([
      "2 executions wait for handler 'fulfil' of worker 'orders', which no live process has: bring 'fulfil' back, under this name, " +
        `or let processes of the old deploy finish them; to end them, bring it back and cancel() them: ${quoted(ids)}. ` +
        "'npx holdfast check' tells this before a deploy",
    ]);
    await next.execution(ids[0] ?? '').cancel();
    await next.advance('1 minute');
    expect(await next.execution(ids[0] ?? '').status()).toBe('pending');
    await next.close();
    const back = await deploy(inline(['a']), store);
    await back.advance('2 hours');
    expect(await Promise.all(ids.map((id) => back.execution(id).status()))).toEqual([
      'cancelled',
      'completed',
    ]);
  });

  test('says nothing of a handler that another live process has', async () => {
    const store = memoryStore();
    const old = await deploy(inline(['a']), store);
    await old.publish(Placed, { n: 1 });
    await old.settle();
    const { told, logger } = recorded();
    const next = await openApp([accepting()], { store, logger });
    await next.advance('1 minute');
    expect(told).toEqual([]);
    await old.crash();
    await next.advance('2 minutes');
    expect(told.map((line) => line.slice(0, 35))).toEqual(["1 execution waits for handler 'fulf"]);
  });

  test('names executions of a worker that no process has, to processes that run others', async () => {
    const store = memoryStore();
    const first = await deploy(inline(['a']), store);
    const id = (await first.publish(Placed, { n: 1 })).executions[0]?.id ?? '';
    await first.settle();
    await first.close();
    const { told, logger } = recorded();
    const next = await openApp([accepting('shop')], { store, logger });
    await next.advance('10 minutes');
    expect(told).toEqual([
      "1 execution waits for worker 'orders', which no live process has: start a process that has it, under this id; " +
        `to end them, bring it back and cancel() them: '${id}'. 'npx holdfast check' tells this before a deploy`,
    ]);
  });
});

/** A logger that keeps what it is told from `warn` on. */
function recorded() {
  const told: string[] = [];
  const note = (message: string, details?: Readonly<Record<string, unknown>>): void => {
    const error = details?.['error'];
    told.push(typeof error === 'string' ? `${message}: ${error}` : message);
  };
  return { told, logger: { ...silent, warn: note, error: note } };
}

function quoted(ids: readonly string[]): string {
  return ids.map((id) => `'${id}'`).join(', ');
}

/** The handler is `accept`, and does what `fulfil` did. */
function accepting(id = 'orders') {
  @Worker(id)
  class Orders {
    @OnEvent(Placed) async accept({ n }: { n: number }): Promise<string> {
      return this.a(n);
    }

    @Step() async a(n: number): Promise<string> {
      return note(`a ${n}`);
    }
  }
  return Orders;
}

describe('a store that fails to tell the former graph', () => {
  test('is asked again, and no code of the worker runs before it has answered', async () => {
    const store = memoryStore();
    const first = await deploy(inline(['a', 'x']), store);
    const [fitting, other] = (
      await first.publishMany([
        [Placed, { n: 1 }],
        [Placed, { n: 2 }],
      ])
    ).map(({ executions }) => executions[0]?.id ?? '') as [string, string];
    await first.advance('30 minutes');
    await first.crash();
    let refusals = 0;
    const failing = new Proxy<Store>(store, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        if (name === 'graphs' && refusals++ < 5)
          return async () => Promise.reject(new Error('the network is down'));
        return member.bind(target) as unknown;
      },
    });
    const next = await deploy(inline(['b', 'x'], { b: 'a' }), failing);
    await next.advance('2 hours');
    expect(refusals).toBeGreaterThan(5);
    expect([await next.execution(fitting).result(), await next.execution(other).result()]).toEqual([
      'x 1',
      'x 2',
    ]);
    expect(ran.toSorted()).toEqual(['a 1', 'a 2', 'x 1', 'x 2']);
  });
});

describe('on a SQLite file', () => {
  test('the graph of a process that is gone is there for the next one to compare with', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-deploy-'));
    try {
      const path = join(folder, 'holdfast.db');
      const first = await deploy(inline(['a', 'x']), sqliteStore(path));
      const id = (await first.publish(Placed, { n: 1 })).executions[0]?.id ?? '';
      await first.settle();
      await first.close();
      const wrong = await deploy(inline(['b', 'x']), sqliteStore(path));
      expect(await wrong.execution(id).status()).toBe('parked');
      await wrong.close();
      const right = await deploy(inline(['b', 'x'], { b: 'a' }), sqliteStore(path));
      await right.execution(id).resume();
      await right.advance('3 hours');
      expect([await right.execution(id).result(), ran]).toEqual(['x 1', ['a 1', 'x 1']]);
      await right.close();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
