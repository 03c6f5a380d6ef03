import {
  defineEvent,
  EventConflictError,
  Inject,
  memoryStore,
  OnEvent,
  sleep,
  sqliteStore,
  Step,
  type Store,
  Worker,
  WORKER_APP,
  type WorkerApp,
} from 'holdfast';
import type { TestApp } from 'holdfast/testing';
import { z } from 'zod';
import { openApp } from './support/open-apps.js';

const Start = defineEvent('start', z.object({ n: z.number() }));
const Later = defineEvent('later', z.object({ n: z.number() }));

@Worker('later-worker')
class LaterWorker {
  @OnEvent(Later)
  async go({ n }: { n: number }): Promise<number> {
    return n;
  }
}

@Worker('picky')
class PickyWorker {
  static takes = true;

  @OnEvent(Later, { when: ({ n }: { n: number }) => PickyWorker.takes && n > 0 })
  async go({ n }: { n: number }): Promise<number> {
    return n;
  }
}

/** Publishes inside an execution, waits, and gives what it was told. */
@Worker('publisher')
class Publisher {
  constructor(@Inject(WORKER_APP) private readonly app: WorkerApp) {}

  @OnEvent(Start)
  async go(): Promise<readonly (readonly string[])[]> {
    const published = await this.app.publishMany([
      [Later, { n: 1 }, { id: 'known' }],
      [Later, { n: 2 }, { id: 'new' }],
      [Later, { n: 2 }, { id: 'new' }],
      [Later, { n: 3 }],
    ]);
    await sleep('1 minute');
    return published.map(({ executions }) => executions.map(({ id }) => id));
  }
}

@Worker('payer')
class Payer {
  static readonly ran: string[] = [];

  @OnEvent(Start)
  async pay({ n }: { n: number }): Promise<string> {
    return this.charge(n);
  }

  @Step()
  charge(n: number): string {
    Payer.ran.push(`charge ${n}`);
    return `receipt ${n}`;
  }
}

const stores: readonly (readonly [name: string, make: () => Store])[] = [
  ['memory', () => memoryStore()],
  ['SQLite', () => sqliteStore(':memory:')],
];

beforeEach(() => {
  Payer.ran.length = 0;
  PickyWorker.takes = true;
});

function acceptedOf(app: TestApp): string[] {
  const accepted: string[] = [];
  app.on('execution.accepted', ({ executionId }) => accepted.push(executionId));
  return accepted;
}

describe.each(stores)('an id that was published before, on a %s store', (_, make) => {
  test('stands for the first executions in an execution that publishes it, on its replay too', async () => {
    const app = await openApp([Publisher, LaterWorker], { store: make() });
    const first = await app.publish(Later, { n: 1 }, { id: 'known' });
    await app.settle();
    const accepted = acceptedOf(app);
    const handle = (await app.publish(Start, { n: 1 })).of(Publisher, 'go');
    await app.settle();
    await app.crash();
    await app.restart();
    await app.advance('2 minutes');
    const ids = await handle.result();
    const statuses = await Promise.all(ids.flat().map((id) => app.execution(id).status()));
    expect(ids.map((each) => each.length)).toEqual([1, 1, 1, 1]);
    expect([ids[0], ids[1]]).toEqual([[first.of(LaterWorker).id], ids[2]]);
    expect(statuses).toEqual(['completed', 'completed', 'completed', 'completed']);
    expect(accepted).toEqual([handle.id, ids[1]?.[0], ids[3]?.[0]]);
  });

  test('is free when nobody took it then: published again, it starts what takes it now', async () => {
    const app = await openApp([Publisher], { store: make() });
    const empty = await app.publish(Later, { n: 1 }, { id: 'known' });
    await app.register(LaterWorker);
    const inside = (await app.publish(Start, { n: 1 })).of(Publisher, 'go');
    await app.advance('2 minutes');
    const [known] = await inside.result();
    const outside = await app.publish(Later, { n: 1 }, { id: 'known' });
    expect([empty.executions.length, known?.length]).toEqual([0, 1]);
    expect(outside.of(LaterWorker).id).toBe(known?.[0]);
    expect(await outside.of(LaterWorker).result()).toBe(1);
    await expect(app.publish(Later, { n: 9 }, { id: 'known' })).rejects.toThrow(EventConflictError);
  });

  test('is free while every predicate turns the event down, and kept once one takes it', async () => {
    const app = await openApp([PickyWorker], { store: make() });
    await app.publish(Later, { n: -1 }, { id: 'known' });
    const taken = await app.publish(Later, { n: 1 }, { id: 'known' });
    expect(await taken.of(PickyWorker).result()).toBe(1);
    await expect(app.publish(Later, { n: -1 }, { id: 'known' })).rejects.toThrow(EventConflictError);
    PickyWorker.takes = false;
    const again = await app.publish(Later, { n: 1 }, { id: 'known' });
    expect(again.of(PickyWorker).id).toBe(taken.of(PickyWorker).id);
  });

  test('is new in another session', async () => {
    const app = await openApp([Payer], { store: make() });
    const unhandled: string[] = [];
    app.on('event.unhandled', ({ eventId }) => unhandled.push(eventId));
    const published = await app.publishMany([
      [Start, { n: 1 }, { id: 'x', session: 'one' }],
      [Start, { n: 2 }, { id: 'x', session: 'two' }],
    ]);
    const results = await Promise.all(published.map((each) => each.of(Payer).result()));
    expect([results, unhandled]).toEqual([['receipt 1', 'receipt 2'], []]);
  });

  test('does not keep new events beside it from being told and run', async () => {
    const app = await openApp([Payer], { store: make() });
    await app.publish(Start, { n: 0 }, { id: 'known' });
    await app.settle();
    const accepted = acceptedOf(app);
    const published = await app.publishMany([
      [Start, { n: 0 }, { id: 'known' }],
      [Start, { n: 1 }],
      [Start, { n: 2 }],
    ]);
    await app.settle();
    const statuses = await Promise.all(published.map((each) => each.of(Payer).status()));
    expect(statuses).toEqual(['completed', 'completed', 'completed']);
    expect(accepted).toEqual(published.slice(1).map((each) => each.of(Payer).id));
    expect(Payer.ran).toEqual(['charge 0', 'charge 1', 'charge 2']);
  });

  test.each([1, 2])('is new after the dedup window, with payload %i', async (n) => {
    const app = await openApp([Payer], { store: make() });
    const first = await app.publish(Start, { n: 1 }, { id: 'order-1' });
    await first.of(Payer).result();
    await app.advance('8 days');
    const again = await app.publish(Start, { n }, { id: 'order-1' });
    expect(await again.of(Payer).result()).toBe(`receipt ${n}`);
    expect(again.of(Payer).id).not.toBe(first.of(Payer).id);
  });
});
