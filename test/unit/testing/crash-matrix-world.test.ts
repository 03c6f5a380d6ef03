import { execution, Inject, OnEvent, step, Worker } from 'holdfast';
import { crashMatrix } from 'holdfast/testing';
import { failures, Ordered, ordered, Payments, WithKey, WithoutKey } from './crash-matrix-orders.js';

describe('what stands for the world outside', () => {
  const charge = jest.fn(async (id: string) => `receipt ${id}`);
  beforeEach(() => charge.mockClear());

  test.each([
    ['values', () => [{ provide: Payments, useValue: { charge } }]],
    ['frozen values', () => [{ provide: Payments, useValue: Object.freeze({ charge }) }]],
    ['classes', () => [{ provide: Payments, useClass: class extends Payments {} }]],
    ['factories', () => [{ provide: Payments, useFactory: async () => ({ charge }) }]],
  ])('may be given as %s', async (_, providers) => {
    const wrong = await crashMatrix(WithoutKey, ordered, { providers });
    expect(failures(wrong)).toEqual([['repeated-effect', 'orders.fulfil/charge', 'Payments.charge']]);
    expect((await crashMatrix(WithKey, ordered, { providers: providers() })).problems).toEqual([]);
  });

  test('it outlives a crash, and begins anew with each run', async () => {
    class Counter {
      readonly entries: string[] = [];
      constructor(private readonly payments: Payments) {}
      async charge(id: string): Promise<string> {
        this.entries.push(await this.payments.findReceipt(id));
        return `receipt ${this.entries.length}`;
      }
    }
    const report = await crashMatrix(WithoutKey, ordered, {
      providers: () => [
        { provide: 'counted', useValue: new Payments() },
        { provide: Payments, useFactory: (payments: Payments) => new Counter(payments), inject: ['counted'] },
      ],
      effects: (app) => (app.get(Payments) as unknown as Counter).entries,
      repeatable: ['Payments'],
    });
    expect(report.problems).toEqual([
      expect.stringMatching(
        /^orders\.fulfil\/charge: \{ status: 'completed', value: 'receipt 1' \} in the clean run, .*'receipt 2'/,
      ),
    ]);
  });

  test('what the container builds for what it builds is recorded, and bare classes are', async () => {
    class Orders {
      constructor(private readonly payments: Payments) {}
      price(total: number): number {
        return 2 * total;
      }
      async pay(id: string, total: number): Promise<string> {
        return this.payments.charge(id, this.price(total));
      }
    }
    @Worker('layers')
    class Layered {
      constructor(@Inject(Orders) private readonly orders: Orders) {}
      @OnEvent(Ordered)
      async fulfil({ id, total }: Ordered): Promise<string> {
        const price = this.orders.price(total);
        return step('pay', () => this.orders.pay(id, price));
      }
    }
    Inject(Payments)(Orders, undefined as never, 0);
    const found = [['repeated-effect', 'layers.fulfil/pay', 'Payments.charge']];
    expect(failures(await crashMatrix(Layered, ordered))).toEqual(found);
    expect(failures(await crashMatrix(Layered, ordered, { providers: [Orders, Payments] }))).toEqual(found);
  });

  test('members of members are effects by their path, what only reads is none', async () => {
    const prisma = { user: { create: async () => 1, findMany: async () => [], getOrCreate: async () => 2 } };
    @Worker('users')
    class Users {
      constructor(@Inject('PRISMA') private readonly db: typeof prisma) {}
      @OnEvent(Ordered)
      async add(_: Ordered): Promise<unknown> {
        return step('all', async () => [
          await this.db.user.findMany(),
          await this.db.user.create(),
          await this.db.user.getOrCreate(),
        ]);
      }
    }
    const providers = [{ provide: 'PRISMA', useValue: prisma }];
    expect(failures(await crashMatrix(Users, ordered, { providers }))).toEqual([
      ['repeated-effect', 'users.add/all', 'PRISMA.user.create'],
      ['repeated-effect', 'users.add/all', 'PRISMA.user.getOrCreate'],
    ]);
    const repeatable = ['PRISMA.user.create', 'PRISMA.user.getOr*'];
    expect((await crashMatrix(Users, ordered, { providers, repeatable })).problems).toEqual([]);
  });
});

describe('what counts as an effect', () => {
  /** A worker with one step that calls what is provided as `IT`. */
  const calling = <It>(call: (it: It) => unknown): typeof WithKey => {
    @Worker('calls')
    class Calls {
      constructor(@Inject('IT') private readonly it: It) {}
      @OnEvent(Ordered)
      async make(_: Ordered): Promise<void> {
        await step('call', async () => {
          await call(this.it);
        });
      }
    }
    return Calls as unknown as typeof WithKey;
  };
  const effectsOf = async <It>(
    it: () => It,
    call: (it: It) => unknown,
  ): Promise<readonly (string | null)[]> => {
    const providers = (): { provide: string; useValue: It }[] => [{ provide: 'IT', useValue: it() }];
    const report = await crashMatrix(calling(call), ordered, { providers });
    return report.failures.map(({ effect }) => effect);
  };

  test('a function, and its members', async () => {
    const http = (): ((url: string) => string) & { post(url: string): Promise<number> } =>
      Object.assign((url: string) => url, { post: async () => 201 });
    expect(await effectsOf(http, (it) => it('/'))).toEqual(['IT']);
    expect(await effectsOf(http, (it) => it.post('/'))).toEqual(['IT.post']);
  });

  test('no call that threw, and no log', async () => {
    const log = jest.fn();
    const it = () => ({
      logger: { info: log },
      fail: async () => {
        throw new Error('busy');
      },
    });
    expect(
      await effectsOf(it, async ({ logger, fail }) => {
        logger.info('calls');
        await fail().catch(() => {});
      }),
    ).toEqual([]);
    expect(log).toHaveBeenCalled();
  });

  test('the inner of two recorded calls', async () => {
    const inner = { send: async () => 1 };
    @Worker('layers')
    class Layers {
      constructor(@Inject('OUTER') private readonly outer: { notify(): Promise<number> }) {}
      @OnEvent(Ordered)
      async make(_: Ordered): Promise<void> {
        await step('call', () => this.outer.notify());
      }
    }
    const report = await crashMatrix(Layers, ordered, {
      providers: [
        { provide: 'INNER', useValue: inner },
        {
          provide: 'OUTER',
          useFactory: (mail: typeof inner) => ({ notify: () => mail.send() }),
          inject: ['INNER'],
        },
      ],
    });
    expect(failures(report)).toEqual([['repeated-effect', 'layers.make/call', 'INNER.send']]);
  });

  test('a query that begins when it is awaited begins once for each call', async () => {
    let begun = 0;
    let calls = 0;
    const database = {
      insert: () => {
        calls++;
        // oxlint-disable-next-line unicorn/no-thenable -- as query builders are
        return { then: (resolve: (rows: number) => void) => resolve(++begun) };
      },
    };
    expect(
      await effectsOf(
        () => database,
        (it) => it.insert(),
      ),
    ).toEqual(['IT.insert']);
    expect(begun).toBe(calls);
  });

  test.each([
    ['a field named so', { headers: { 'Idempotency-Key': 'order 1' } }],
    ['a Map', new Map([['idempotency_key', 'order 1']])],
  ])('a key in %s lets the receiver tell', async (_, options) => {
    const it = () => ({ send: async (__: unknown) => 1 });
    expect(await effectsOf(it, ({ send }) => send(options))).toEqual([]);
    expect(await effectsOf(it, ({ send }) => send({ key: 'order 1' }))).toEqual(['IT.send']);
  });

  test('the key of another step is none: it came with that step’s result', async () => {
    @Worker('chains')
    class Chains {
      constructor(@Inject('IT') private readonly it: { send(text: string): Promise<void> }) {}
      @OnEvent(Ordered)
      async both(_: Ordered): Promise<void> {
        const receipt = await step('first', async () => {
          await this.it.send(`${execution().idempotencyKey}:1`);
          return execution().idempotencyKey;
        });
        await step('second', () => this.it.send(receipt));
      }
    }
    const providers = [{ provide: 'IT', useValue: { send: async () => {} } }];
    expect(failures(await crashMatrix(Chains, ordered, { providers }))).toEqual([
      ['repeated-effect', 'chains.both/second', 'IT.send'],
    ]);
  });

  test('the execution’s bare id is no key: all its calls have it', async () => {
    const it = () => ({ send: async (__: unknown) => 1 });
    expect(await effectsOf(it, ({ send }) => send(execution().id))).toEqual(['IT.send']);
    expect(await effectsOf(it, ({ send }) => send(`${execution().id}-mail`))).toEqual([]);
  });
});
