import 'reflect-metadata';
import { IsNumber, IsString } from 'class-validator';
import {
  CallDepthExceededError,
  CancelledError,
  Event,
  execution,
  fixed,
  InvalidEventError,
  memoryStore,
  NoCurrentExecutionError,
  NonRetryableError,
  Every,
  OnEvent,
  race,
  Retry,
  run,
  sleep,
  sqliteStore,
  Storable,
  Timeout,
  waitFor,
  Worker,
  type Store,
} from '../../lib/entries/index.js';
import { TestApp } from '../../lib/entries/testing.js';
import { killAtEveryWrite } from './support/crash-points.js';

@Event('ordered')
class Ordered {
  @IsString() id!: string;
  @IsString() how!: string;
}

@Event('shipped')
class Ship {
  @IsString() id!: string;
  @IsNumber() weight!: number;
}

@Event('label', { correlate: 'id' })
class Label {
  @IsString() id!: string;
}

@Storable('too-heavy')
class TooHeavy extends NonRetryableError {
  constructor(readonly weight: number) {
    super(`too heavy: ${weight}`);
  }
}

let began: string[] = [];

@Worker('shipping')
class Shipping {
  @OnEvent(Ship)
  @Retry({ maxAttempts: 3, backoff: fixed('1 minute') })
  async ship({ id, weight }: Ship): Promise<{ id: string; label: string; depth: number }> {
    const { attempt, depth } = execution();
    began.push(`${id}#${attempt}`);
    if (weight > 100) throw new TooHeavy(weight);
    if (weight === 3 && attempt < 3) throw new Error('again');
    if (weight === 50) await waitFor(Label, { key: id });
    await sleep('1h');
    return { id, label: `${id}/${weight}`, depth };
  }

  @OnEvent(Label)
  async label() {
    began.push('label');
  }

  @Every('1 day')
  async nightly() {}
}

@Worker('ordering')
class Ordering {
  @OnEvent(Ordered)
  async order({ id, how }: Ordered): Promise<unknown> {
    if (how === 'many')
      return (
        await Promise.all(
          [1, 2, 3, 4].map((weight) => run(Shipping, 'ship', { id: `${id}.${weight}`, weight })),
        )
      ).map(({ label }) => label);
    if (how === 'invalid') return run(Shipping, 'ship', { id } as Ship);
    if (how === 'deep') return run(Ordering, 'order', { id: `${id}+`, how });
    if (how === 'late') {
      try {
        return await run(Shipping, 'ship', { id, weight: 500 });
      } catch (error) {
        return error instanceof TooHeavy ? ['heavy', error.weight] : ['other', String(error)];
      }
    }
    if (how === 'race')
      return (await race({ child: () => run(Shipping, 'ship', { id, weight: 50 }), time: () => sleep('2h') }))
        .winner;
    if (how === 'wrong') return run(Shipping, 'missing' as 'ship', { id, weight: 1 });
    if (how === 'night') return run(Shipping, 'nightly' as 'ship', { id, weight: 1 });
    if (how === 'label') return run(Shipping, 'label', { id });
    return run(Shipping, 'ship', Object.assign(new Ship(), { id, weight: how === 'wait' ? 50 : 1 }));
  }

  @OnEvent(Label)
  @Timeout('30 minutes')
  async timed({ id }: Label): Promise<unknown> {
    return run(Shipping, 'ship', { id, weight: 1 });
  }
}

beforeEach(() => {
  began = [];
});

const stores: readonly (readonly [string, () => Store])[] = [
  ['memory', () => memoryStore()],
  ['SQLite', () => sqliteStore(':memory:')],
];

const order = async (app: TestApp, how: string, id = 'o') =>
  (await app.publish(Ordered, { id, how }, { id: `${id} ${how}` })).of(Ordering, 'order');

const childrenOf = async (app: TestApp) =>
  (await app.executions.list()).filter(({ worker }) => worker === 'shipping');

describe.each(stores)('run on %s', (_, store) => {
  let app: TestApp;
  beforeEach(async () => {
    app = await TestApp.create({ workers: [Ordering, Shipping], store: store(), maxCallDepth: 5 });
  });
  afterEach(() => app.close());

  it('waits for the child without a slot, and gives its value', async () => {
    const handle = await order(app, 'one');
    await app.settle();
    expect((await app.stats()).queues.local.running).toBe(0);
    const [child] = await childrenOf(app);
    expect((await app.executions.list()).map(({ status, waitReason }) => [status, waitReason])).toEqual([
      ['waiting', 'child'],
      ['waiting', 'timer'],
    ]);
    await app.advance('1h');
    expect(await handle.result()).toEqual({ id: 'o', label: 'o/1', depth: 1 });
    expect(began.filter((each) => each === 'o#1')).toHaveLength(2);
    expect(await app.execution(child?.id ?? '').status()).toBe('completed');
  });

  it('waits for many side by side, also for one with several attempts', async () => {
    const handle = await order(app, 'many');
    await app.advance('3h');
    expect(await handle.result()).toEqual(['o.1/1', 'o.2/2', 'o.3/3', 'o.4/4']);
    expect(await childrenOf(app)).toHaveLength(4);
  });

  it("fails with the child's error, of its class", async () => {
    const handle = await order(app, 'late');
    await app.settle();
    expect(await handle.result()).toEqual(['heavy', 500]);
  });

  it('starts that handler alone, and leaves nothing to those who wait for the event', async () => {
    const handle = await order(app, 'label');
    await app.settle();
    expect(await handle.result()).toBeUndefined();
    expect((await app.executions.list()).map(({ worker, handler }) => `${worker}.${handler}`)).toEqual([
      'ordering.order',
      'shipping.label',
    ]);
  });

  it('checks the data, the method and the depth', async () => {
    await expect((await order(app, 'invalid')).result()).rejects.toThrow(InvalidEventError);
    await expect((await order(app, 'wrong')).result()).rejects.toThrow(
      "run(Shipping, 'missing') names no @OnEvent method of 'shipping'",
    );
    await expect((await order(app, 'night')).result()).rejects.toThrow(
      "run(Shipping, 'nightly') names no @OnEvent method of 'shipping': it has @Every. Write a method with @OnEvent",
    );
    const deep = await order(app, 'deep');
    await app.settle();
    await expect(deep.result()).rejects.toThrow(CallDepthExceededError);
    await expect(run(Shipping, 'ship', { id: 'o', weight: 1 })).rejects.toThrow(NoCurrentExecutionError);
  });

  it('is cancelled with its parent', async () => {
    const handle = await order(app, 'wait');
    await app.settle();
    await handle.cancel();
    await app.settle();
    await expect(handle.result()).rejects.toThrow(CancelledError);
    const [child] = await childrenOf(app);
    expect(child?.status).toBe('cancelled');
  });

  it('a cancelled child fails its call', async () => {
    const handle = await order(app, 'wait');
    await app.settle();
    const [child] = await childrenOf(app);
    await app.execution(child?.id ?? '').cancel();
    await app.settle();
    await expect(handle.result()).rejects.toThrow(CancelledError);
  });

  it('is cancelled when its parent fails, and when its branch has lost', async () => {
    const timed = (await app.publish(Label, { id: 't' })).of(Ordering, 'timed');
    const raced = await order(app, 'race', 'r');
    await app.advance('2h');
    await expect(timed.result()).rejects.toThrow('timed out');
    expect(await raced.result()).toBe('time');
    expect(
      (await childrenOf(app)).filter(({ handler }) => handler === 'ship').map(({ status }) => status),
    ).toEqual(['cancelled', 'cancelled']);
  });

  it('a retry of the parent starts what its end took down anew, and nothing else', async () => {
    const timed = (await app.publish(Label, { id: 't' })).of(Ordering, 'timed');
    await app.advance('30 minutes');
    expect(await timed.status()).toBe('failed');
    await timed.retry();
    await app.settle();
    expect(
      (await childrenOf(app)).filter(({ handler }) => handler === 'ship').map(({ status }) => status),
    ).toEqual(['cancelled', 'waiting']);
  });

  it('a child that ended is kept until its parent has ended', async () => {
    const parent = await order(app, 'race', 'kept');
    await app.settle();
    app.configure({ retention: { completed: '1ms', failed: '1ms' } });
    await app.publish(Label, { id: 'kept' });
    await app.advance('1h');
    await app.advance('1 minute');
    expect(await parent.result()).toBe('child');
  });

  it('outlives crashes', async () => {
    const handle = await order(app, 'wait');
    await app.settle();
    await app.crash();
    await app.publish(Label, { id: 'o' }).catch(() => {});
    await app.restart();
    await app.publish(Label, { id: 'o' });
    await app.advance('2h');
    expect(await handle.result()).toMatchObject({ label: 'o/50' });
    expect(await childrenOf(app)).toHaveLength(3);
  });
});

it.each(stores)(
  'is started once wherever it crashes, on %s',
  async (_, store) => {
    await killAtEveryWrite({
      workers: [Ordering, Shipping],
      store,
      reset: () => {},
      begin: async (app) => {
        await order(app, 'many');
        await order(app, 'late');
      },
      drive: (app) => app.advance('4h'),
      verify: async (app, where) => {
        const records = await app.executions.list();
        const parents = records.filter(({ worker }) => worker === 'ordering');
        const values = await Promise.all(
          parents.map(async ({ id }) => {
            const outcome = await app.execution(id).outcome();
            return outcome.success ? outcome.value : String(outcome.error);
          }),
        );
        expect([where, values]).toEqual([
          where,
          [
            ['o.1/1', 'o.2/2', 'o.3/3', 'o.4/4'],
            ['heavy', 500],
          ],
        ]);
        expect([where, records.length]).toEqual([where, 7]);
      },
    });
  },
  120_000,
);
