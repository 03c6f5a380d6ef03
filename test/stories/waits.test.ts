import 'reflect-metadata';
import { IsString } from 'class-validator';
import { z } from 'zod';
import {
  ConfigurationError,
  defineEvent,
  DefinitionError,
  Event,
  InvalidEventError,
  MailboxFullError,
  NoCurrentExecutionError,
  OnEvent,
  sqliteStore,
  Step,
  waitFor,
  waitForAny,
  Worker,
} from '../../lib/entries/index.js';
import { TestApp } from '../../lib/entries/testing.js';

@Event('order.placed')
class OrderPlaced {
  @IsString() orderId!: string;
}

@Event('order.approved', { correlate: 'orderId', keep: '1d' })
class OrderApproved {
  @IsString() orderId!: string;
  @IsString() by!: string;

  initial(): string {
    return this.by.slice(0, 1);
  }
}

let seen: unknown[] = [];

@Worker('orders')
class Orders {
  @OnEvent(OrderPlaced)
  async fulfil(order: OrderPlaced) {
    await this.charge(order.orderId);
    const approval = await waitFor(OrderApproved, { key: order.orderId, timeout: '2 days' });
    seen.push(approval);
    return approval === null ? 'refunded' : await this.confirm(approval.initial());
  }

  @Step() async charge(orderId: string) {
    return orderId;
  }

  @Step() async confirm(by: string) {
    return `confirmed by ${by}`;
  }
}

const OrderNumbered = defineEvent('order.numbered', z.object({ id: z.number() }));
const Paid = defineEvent(
  'order.paid',
  z.object({ order: z.object({ id: z.number() }), at: z.coerce.date() }),
  {
    correlate: 'order.id',
  },
);

@Worker('numbered')
class Numbered {
  @OnEvent(OrderNumbered)
  async run({ id }: { id: number }) {
    const first = await waitFor(Paid, { key: id });
    const second = await waitFor(Paid, { key: String(id) });
    return [first.at, second.at];
  }
}

@Worker('mistaken')
class Mistaken {
  @OnEvent(OrderPlaced)
  async run({ orderId }: OrderPlaced): Promise<unknown> {
    if (orderId === 'event') return waitFor(OrderPlaced, { key: orderId });
    if (orderId === 'schema') return waitFor(OrderNumbered, { key: orderId });
    if (orderId === 'key') return waitFor(OrderApproved, { key: {} as string });
    if (orderId === 'text') return waitFor(OrderApproved, 'o1' as never);
    if (orderId === 'no options') return waitForAny([OrderApproved] as never);
    if (orderId === 'timeout') return waitFor(OrderApproved, { key: 'k', timeout: '1 month' as '1d' });
    return waitFor(Orders as never, { key: 'k' });
  }
}

beforeEach(() => {
  seen = [];
});

describe.each([
  ['memory', () => ({})],
  ['SQLite', () => ({ store: sqliteStore(':memory:') })],
] as const)('waitFor on %s', (_, options) => {
  const opened = (workers: readonly (new () => object)[] = [Orders, Numbered]): Promise<TestApp> =>
    TestApp.create({ workers: [...workers], ...options() });

  it('goes on with the event of its key, as handlers receive it', async () => {
    await using app = await opened();
    const placed = (await app.publish(OrderPlaced, { orderId: 'o1' })).of(Orders, 'fulfil');
    await app.settle();
    expect(await placed.status()).toBe('waiting');
    await app.publish(OrderApproved, { orderId: 'o2', by: 'nobody' });
    await app.settle();
    expect(await placed.status()).toBe('waiting');
    await app.advance('47 hours');
    await app.publish(OrderApproved, { orderId: 'o1', by: 'Ann' });
    await app.settle();
    expect(await placed.result()).toBe('confirmed by A');
    expect(seen.every((each) => each instanceof OrderApproved)).toBe(true);
    expect((await placed.steps()).map(({ path, status }) => `${path} ${status}`)).toEqual([
      'fulfil/charge completed',
      'fulfil/await completed',
      'fulfil/confirm completed',
    ]);
  });

  it('gives null when the time is over', async () => {
    await using app = await opened();
    const placed = (await app.publish(OrderPlaced, { orderId: 'o1' })).of(Orders, 'fulfil');
    await app.advance('47 hours');
    expect(await placed.status()).toBe('waiting');
    await app.advance('1 hour');
    expect(await placed.result()).toBe('refunded');
    await app.publish(OrderApproved, { orderId: 'o1', by: 'Ann' });
    await app.settle();
    expect(seen.every((each) => each === null)).toBe(true);
  });

  it('takes events of a schema in their order, also those that came before it waited', async () => {
    await using app = await opened();
    const begun = (await app.publish(OrderNumbered, { id: 7 })).of(Numbered, 'run');
    await app.publish(Paid, { order: { id: 7 }, at: '2026-01-01' });
    await app.publish(Paid, { order: { id: 7 }, at: '2026-01-02' });
    await app.settle();
    expect(await begun.result()).toEqual([new Date('2026-01-01'), new Date('2026-01-02')]);
  });

  it('outlives its process, with the event that comes meanwhile', async () => {
    await using app = await opened();
    const id = (await app.publish(OrderPlaced, { orderId: 'o1' })).of(Orders, 'fulfil').id;
    await app.settle();
    await app.publish(OrderApproved, { orderId: 'o1', by: 'Ann' });
    await app.crash();
    await app.restart();
    await app.advance('1 minute');
    expect(await app.execution(id).result()).toBe('confirmed by A');
  });

  it('is one fact per explicit id', async () => {
    await using app = await opened();
    const begun = (await app.publish(OrderNumbered, { id: 7 })).of(Numbered, 'run');
    for (let i = 0; i < 3; i++) await app.publish(Paid, { order: { id: 7 }, at: '2026-01-01' }, { id: 'p1' });
    await app.settle();
    expect(await begun.status()).toBe('waiting');
    await app.publish(Paid, { order: { id: 7 }, at: '2026-01-02' }, { id: 'p2' });
    await app.settle();
    expect(await begun.result()).toEqual([new Date('2026-01-01'), new Date('2026-01-02')]);
  });
});

describe('an event with correlate', () => {
  it('is no unhandled event when only waits take it', async () => {
    await using app = await TestApp.create({ workers: [Orders] });
    const unhandled: string[] = [];
    app.on('event.unhandled', ({ event }) => void unhandled.push(event));
    await app.publish(OrderApproved, { orderId: 'o1', by: 'Ann' });
    await app.publish(OrderNumbered, { id: 1 });
    expect(unhandled).toEqual(['order.numbered']);
  });

  it('is refused without the value it is told apart by, and when it is to come later', async () => {
    await using app = await TestApp.create({ workers: [Orders] });
    await expect(app.publish(OrderApproved, { orderId: '', by: 'Ann' })).rejects.toThrow(InvalidEventError);
    const later = app.publish(OrderApproved, { orderId: 'o1', by: 'Ann' }, { delay: '1h' });
    await expect(later).rejects.toThrow(ConfigurationError);
  });

  it('is refused when a hundred of its key are kept, until one expires', async () => {
    await using app = await TestApp.create({ workers: [Orders] });
    for (let n = 0; n < 100; n++) await app.publish(OrderApproved, { orderId: 'o1', by: String(n) });
    const full = app.publish(OrderApproved, { orderId: 'o1', by: 'one more' });
    await expect(full).rejects.toThrow(MailboxFullError);
    await expect(full).rejects.toThrow("100 events 'order.approved' of key 'o1'");
    await app.publish(OrderApproved, { orderId: 'o2', by: 'another key' });
    await app.advance('1 day');
    await app.publish(OrderApproved, { orderId: 'o1', by: 'one more' });
  });
});

describe('a mistaken waitFor', () => {
  it.each([
    ['event', DefinitionError, "Write @Event('order.placed', { correlate: 'orderId' })"],
    ['schema', DefinitionError, "Write defineEvent('order.numbered', schema, { correlate: 'orderId' })"],
    ['key', Error, "waitFor(OrderApproved) has the key an object. Give the value of its field 'orderId'"],
    ['timeout', Error, "waitFor(OrderApproved) has the timeout '1 month'. Write"],
    ['timeout', Error, "months and years have no fixed length: write days, '30 days'"],
    ['text', Error, "waitFor(OrderApproved) has 'o1' as its options. Write waitFor(OrderApproved, { key })"],
    [
      'no options',
      Error,
      'waitForAny(OrderApproved) has no options. Write waitForAny([OrderApproved], { key })',
    ],
    ['class', Error, 'takes a class with @Event or what defineEvent() returned, not class Orders'],
  ])('of the %s fails its handler at once and says what to write', async (which, type, message) => {
    await using app = await TestApp.create({ workers: [Mistaken] });
    const handle = (await app.publish(OrderPlaced, { orderId: which })).of(Mistaken, 'run');
    await app.settle();
    const error: unknown = await handle.result().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(type);
    expect((error as Error).message).toContain(message);
  });

  it('outside an execution is told', async () => {
    await expect(waitFor(OrderApproved, { key: 'o1' })).rejects.toThrow(NoCurrentExecutionError);
  });
});
