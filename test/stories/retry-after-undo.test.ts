import {
  Actor,
  type ActorContext,
  bootstrap,
  Compensate,
  defineEvent,
  Inject,
  memoryStore,
  NonRetryableError,
  OnEvent,
  race,
  Retry,
  silentLogger,
  sleep,
  Step,
  Worker,
  WORKER_APP,
  type WorkerApp,
} from 'holdfast';
import { TestApp } from 'holdfast/testing';
import { z } from 'zod';

const Placed = defineEvent('placed', z.object({ id: z.string() }));
const Booked = defineEvent('booked', z.object({ id: z.string() }));

let ran: string[] = [];
let isDown = true;

beforeEach(() => {
  ran = [];
  isDown = true;
});

@Worker('orders')
class Orders {
  constructor(@Inject(WORKER_APP) private readonly app: WorkerApp) {}

  @OnEvent(Placed)
  async fulfil({ id }: { id: string }): Promise<void> {
    await this.check();
    await this.charge();
    await sleep('1 hour');
    await this.app.publish(Booked, { id });
    await this.ship();
  }

  @Step() async check(): Promise<void> {
    ran.push('check');
  }

  @Step() async charge(): Promise<void> {
    ran.push('charge');
  }

  @Compensate('charge') async refund(): Promise<void> {
    ran.push('refund');
  }

  @Step()
  @Retry({ maxAttempts: 1 })
  async ship(): Promise<void> {
    ran.push('ship');
    if (isDown) throw new Error('no driver');
  }
}

@Worker('books')
class Books {
  @OnEvent(Booked) async book(): Promise<void> {
    ran.push('book');
  }
}

async function failed(app: TestApp) {
  const order = (await app.publish(Placed, { id: '1' })).of(Orders, 'fulfil');
  await app.advance('1 hour');
  expect(await order.status()).toBe('failed');
  expect([...ran].sort()).toEqual(['book', 'charge', 'check', 'refund', 'ship']);
  ran = [];
  isDown = false;
  return order;
}

test('retry() after an undo runs what was undone and what failed; sleeps that are over and publishes stay', async () => {
  await using app = await TestApp.create({ workers: [Orders, Books] });
  const order = await failed(app);
  await order.retry();
  await app.settle();
  expect(await order.status()).toBe('completed');
  expect(ran).toEqual(['charge', 'ship']);
});

test('retry({ from }) after an undo forgets what comes after that step: it sleeps and publishes again', async () => {
  await using app = await TestApp.create({ workers: [Orders, Books] });
  const order = await failed(app);
  await order.retry({ from: 'charge' });
  await app.settle();
  expect(await order.status()).toBe('waiting');
  await app.advance('1 hour');
  expect(await order.status()).toBe('completed');
  expect([...ran].sort()).toEqual(['book', 'charge', 'ship']);
});

test('retry({ from }) after a retry() that completed keeps what that one recorded before the step, each time', async () => {
  await using app = await TestApp.create({ workers: [Orders, Books] });
  const order = await failed(app);
  await order.retry();
  await app.settle();
  expect(ran).toEqual(['charge', 'ship']);
  for (let time = 0; time < 2; time++) {
    ran = [];
    await order.retry({ from: 'ship' });
    await app.settle();
    expect([await order.status(), ran]).toEqual(['completed', ['ship']]);
  }
});

test('retry() of a handler that failed by itself: what was undone gives another value now, and goes on with it', async () => {
  @Worker('tickets')
  class Tickets {
    private numbers = 0;

    @OnEvent(Placed)
    async sell({ id }: { id: string }): Promise<string> {
      const ticket = await this.allocate(id);
      await this.print(ticket);
      if (isDown) throw new NonRetryableError('nobody may buy it now');
      await sleep('1 hour');
      return ticket;
    }

    @Step() async allocate(id: string): Promise<string> {
      return `${id}-${++this.numbers}`;
    }

    @Compensate('allocate') async free(): Promise<void> {}

    @Step() async print(ticket: string): Promise<string> {
      ran.push(ticket);
      return ticket;
    }
  }
  await using app = await TestApp.create({ workers: [Tickets] });
  const [ticket] = (await app.publish(Placed, { id: 'a' })).executions;
  await app.settle();
  expect(await ticket?.status()).toBe('failed');
  isDown = false;
  await ticket?.retry();
  await app.advance('1 hour');
  expect([await ticket?.result(), ran]).toEqual(['a-2', ['a-1', 'a-2']]);
});

test.each(['a race', 'a step'])(
  'retry() repeats %s around what was undone, which does not give it out any more; what else it called stays',
  async (around) => {
    @Worker('trips')
    class Trips {
      private seats = 0;

      @OnEvent(Placed)
      async travel({ id }: { id: string }): Promise<string> {
        const seat =
          id === 'a race'
            ? (await race({ seat: () => this.book(), time: () => sleep('1 hour') })).value
            : await this.arrange();
        await this.confirm(String(seat));
        return String(seat);
      }

      @Step() async arrange(): Promise<string> {
        await this.insure();
        return this.book();
      }

      @Step() async insure(): Promise<void> {
        ran.push('insure');
      }

      @Step() async book(): Promise<string> {
        return `seat ${++this.seats}`;
      }

      @Compensate('book') async unbook(): Promise<void> {}

      @Step()
      @Retry({ maxAttempts: 1 })
      async confirm(seat: string): Promise<void> {
        ran.push(seat);
        if (isDown) throw new Error('the line is down');
      }
    }
    await using app = await TestApp.create({ workers: [Trips] });
    const trip = (await app.publish(Placed, { id: around })).of(Trips, 'travel');
    await app.settle();
    expect(await trip.status()).toBe('failed');
    isDown = false;
    await app.advance('3 hours');
    await trip.retry();
    expect(await trip.result()).toBe('seat 2');
    expect(ran.filter((each) => each !== 'insure')).toEqual(['seat 1', 'seat 2']);
    expect(ran.filter((each) => each === 'insure')).toHaveLength(around === 'a step' ? 1 : 0);
  },
);

test('an actor is read and written by a publisher that does not register its class', async () => {
  @Actor({ id: 'counts', key: 'id', state: z.object({ n: z.number() }) })
  class Counts {
    @OnEvent(Booked) count(_: { id: string }, ctx: ActorContext<{ n: number }>): void {
      ctx.setState({ n: (ctx.state?.n ?? 0) + 1 });
    }
  }
  const shared = { store: memoryStore(), logger: silentLogger };
  await using worker = await bootstrap({ ...shared, workers: [Counts] });
  await using publisher = await bootstrap({ ...shared, role: 'publisher' });
  await worker.start();
  await publisher.start();
  const counts = publisher.actor(Counts);
  expect(await counts.send(Booked, { id: 'a' })).toMatchObject({ created: true });
  expect((await counts.getState('a')).state).toEqual({ n: 1 });
  expect(await counts.status('a')).toMatchObject({ status: 'idle', eventCount: 1 });
  expect(await counts.terminate('a')).toMatchObject({ terminated: true });
});
