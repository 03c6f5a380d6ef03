import {
  Debounce,
  type DebounceContext,
  defineEvent,
  EventConflictError,
  fixed,
  InvalidEventError,
  type LifecycleEvent,
  memoryStore,
  NonRetryableError,
  OnEvent,
  ParkedError,
  type ReduceInfo,
  Retry,
  sleep,
  sqliteStore,
  Step,
  type Store,
  Worker,
} from 'holdfast';
import type { TestApp } from 'holdfast/testing';
import { z } from 'zod';
import { openApp } from './support/open-apps.js';

const START = Date.UTC(2026, 0, 1);
const Changed = defineEvent('contact.changed', z.object({ contactId: z.string(), n: z.number() }));
type Changed = { readonly contactId: string; readonly n: number };

/** Batches as they were handled: the numbers of their events. */
let batches: number[][] = [];
let contexts: DebounceContext[] = [];
let failing: (batch: readonly number[]) => unknown = () => null;
beforeEach(() => {
  batches = [];
  contexts = [];
  failing = () => null;
});

function handled(events: readonly Changed[], context: DebounceContext): void {
  const numbers = events.map(({ n }) => n);
  const error = failing(numbers);
  if (error !== null) throw error;
  batches.push(numbers);
  contexts.push(context);
}

@Worker('contacts')
class ContactSync {
  @Debounce(Changed, { key: 'contactId', flushAfter: '5s', maxEvents: 3 })
  @Retry({ maxAttempts: 2, backoff: fixed('1s'), jitter: false })
  sync(events: Changed[], context: DebounceContext) {
    handled(events, context);
    return events.length;
  }
}

const change = (n: number, contactId = 'c'): Changed => ({ contactId, n });

async function publish(app: TestApp, ...numbers: readonly number[]): Promise<void> {
  for (const n of numbers) await app.publish(Changed, change(n));
}

describe.each<[string, () => Store]>([
  ['memory', () => memoryStore()],
  ['SQLite', () => sqliteStore(':memory:')],
])('a method with @Debounce, in %s', (_name, makeStore) => {
  const open = (workers: Parameters<typeof openApp>[0] = [ContactSync], options = {}) =>
    openApp(workers, { store: makeStore(), ...options });

  it('D12 · D13 · gets the events of a window together, a window after the first of them', async () => {
    const app = await open();
    await publish(app, 1);
    await app.advance('4s');
    await publish(app, 2);
    await app.advance('999ms');
    expect(batches).toEqual([]);
    await app.advance('1ms');
    expect(batches).toEqual([[1, 2]]);
    await app.advance('1 day');
    expect(batches).toHaveLength(1);
  });

  it('gets the events of one key, each key by itself', async () => {
    const app = await open();
    await app.publishMany([
      [Changed, change(1, 'a')],
      [Changed, change(2, 'b')],
      [Changed, change(3, 'a')],
    ]);
    await app.advance('5s');
    expect(batches.toSorted((a, b) => (a[0] ?? 0) - (b[0] ?? 0))).toEqual([[1, 3], [2]]);
  });

  it('gets them at once when there are as many as it takes, and the next ones by themselves', async () => {
    const app = await open();
    await publish(app, 1, 2, 3, 4);
    await app.settle();
    expect(batches).toEqual([[1, 2, 3]]);
    await app.advance('5s');
    expect(batches).toEqual([[1, 2, 3], [4]]);
    expect(contexts.map(({ flushReason }) => flushReason)).toEqual(['maxEvents', 'flushAfter']);
  });

  it('D15 · is told what the batch is', async () => {
    const app = await open();
    await app.advance('1s');
    await publish(app, 1, 2);
    await app.advance('5s');
    expect(contexts[0]).toMatchObject({
      eventCount: 2,
      flushReason: 'flushAfter',
      debounceStartedAt: START + 1_000,
      executionStartedAt: START + 6_000,
      startedAt: START + 6_000,
      attempt: 1,
      isRetry: false,
      instanceId: 'debounce:contacts:c',
      worker: 'contacts',
      handler: 'sync',
      event: 'contact.changed',
    });
  });

  it('with mode trailing is put off by each event, and no longer than maxWait', async () => {
    @Worker('trailing')
    class Trailing {
      @Debounce(Changed, { key: 'contactId', flushAfter: '5s', mode: 'trailing', maxWait: '12s' })
      sync(events: Changed[], context: DebounceContext) {
        handled(events, context);
      }
    }
    const app = await open([Trailing]);
    for (const n of [1, 2, 3, 4]) {
      await publish(app, n);
      await app.advance('4s');
    }
    expect(batches).toEqual([[1, 2, 3]]);
    await app.advance('1s');
    expect(batches).toEqual([[1, 2, 3], [4]]);
    expect(contexts.map(({ flushReason }) => flushReason)).toEqual(['maxWait', 'flushAfter']);
  });

  it('with collect latest gets the newest event alone', async () => {
    @Worker('latest')
    class Latest {
      @Debounce(Changed, { key: 'contactId', flushAfter: '5s', collect: 'latest' })
      sync(event: Changed, context: DebounceContext) {
        handled([event], context);
      }
    }
    const app = await open([Latest]);
    await publish(app, 1, 2, 3);
    expect(await app.debounce(Latest).getState('c')).toEqual(change(3));
    await app.advance('5s');
    expect(batches).toEqual([[3]]);
    expect(contexts[0]?.eventCount).toBe(3);
  });

  it('D14 · with reduce gets what the reducer makes of the events', async () => {
    interface Sum {
      readonly total: number;
      readonly seen: readonly string[];
    }
    @Worker('sums')
    class Sums {
      @Debounce(Changed, { key: 'contactId', flushAfter: '5s', reduce: 'sum' })
      sync({ total, seen }: Sum, context: DebounceContext) {
        handled([change(total)], context);
        return seen;
      }

      sum(state: Sum | undefined, { n }: Changed, { eventCount, instanceId }: ReduceInfo): Sum {
        return {
          total: (state?.total ?? 0) + n,
          seen: [...(state?.seen ?? []), `${eventCount} ${instanceId}`],
        };
      }
    }
    const app = await open([Sums]);
    const [handle] = (await app.publish(Changed, change(1))).executions;
    await publish(app, 10, 100);
    const seen = [1, 2, 3].map((at) => `${at} debounce:sums:c`);
    expect(await app.debounce(Sums).getState('c')).toEqual({ total: 111, seen });
    await app.advance('5s');
    expect(batches).toEqual([[111]]);
    expect(await handle?.result()).toEqual(seen);
    expect(await app.debounce(Sums).getState('c')).toBeNull();
  });

  it('takes several events, and a key that is a function', async () => {
    const Merged = defineEvent('contact.merged', z.object({ into: z.string(), n: z.number() }));
    @Worker('several')
    class Several {
      @Debounce([Changed, Merged], {
        key: (event) => ('into' in event ? event.into : event.contactId),
        flushAfter: '5s',
      })
      sync(events: (Changed | { into: string; n: number })[]) {
        batches.push(events.map(({ n }) => n));
      }
    }
    const app = await open([Several]);
    await app.publish(Changed, change(1));
    await app.publish(Merged, { into: 'c', n: 2 });
    await app.advance('5s');
    expect(batches).toEqual([[1, 2]]);
  });

  it('w3 · case 21 · what comes while a batch runs is in the next one, which begins when that has ended', async () => {
    const order: string[] = [];
    @Worker('slow')
    class Slow {
      @Debounce(Changed, { key: 'contactId', flushAfter: '5s' })
      async sync(events: Changed[]) {
        const numbers = events.map(({ n }) => n).join();
        await this.note(`begin ${numbers}`);
        await sleep('1 minute');
        await this.note(`end ${numbers}`);
      }

      @Step()
      async note(what: string) {
        order.push(what);
      }
    }
    const app = await open([Slow]);
    await publish(app, 1);
    await app.advance('6s');
    await publish(app, 2);
    await app.advance('30s');
    await publish(app, 3);
    expect(order).toEqual(['begin 1']);
    expect((await app.debounce(Slow).status('c')).eventCount).toBe(2);
    await app.advance('5 minutes');
    expect(order).toEqual(['begin 1', 'end 1', 'begin 2,3', 'end 2,3']);
  });

  it('w6 · D27 · a batch that fails is tried again with its events, and others wait for it', async () => {
    let left = 1;
    failing = ([first]) => (first === 1 && left-- > 0 ? new Error('not yet') : null);
    const app = await open();
    await publish(app, 1, 2, 3);
    await app.settle();
    await publish(app, 4, 5, 6, 7);
    await app.settle();
    expect(batches).toEqual([]);
    await app.advance('1s');
    expect(batches).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(contexts[0]).toMatchObject({ attempt: 2, isRetry: true, flushReason: 'maxEvents', eventCount: 3 });
    await app.advance('5s');
    expect(batches.at(-1)).toEqual([7]);
  });

  it.each([
    ['whose attempts are spent', () => new Error('down'), '1s'],
    ['with an error that no retry mends', () => new NonRetryableError('bad'), '0s'],
    ['with something no error', () => ({ at: () => 1 }), '1s'],
  ] as const)(
    'D28 · w9 · a batch %s is parked with its events, and the next one goes on',
    async (_what, makeError, wait) => {
      failing = ([first]) => (first === 1 ? makeError() : null);
      const app = await open();
      const [handle] = (await app.publish(Changed, change(1))).executions;
      await publish(app, 2);
      await app.advance('5s');
      await app.advance(wait);
      expect(await handle?.status()).toBe('parked');
      await expect(handle?.result()).rejects.toThrow(ParkedError);
      await publish(app, 3);
      await app.advance('5s');
      expect(batches).toEqual([[3]]);
      failing = () => null;
      await handle?.resume();
      await app.settle();
      expect(await handle?.result()).toBe(2);
      expect(batches).toEqual([[3], [1, 2]]);
    },
  );

  it('a batch fails instead where onExhausted says so', async () => {
    const told: unknown[] = [];
    @Worker('failing')
    class Failing {
      @Debounce(Changed, { key: 'contactId', flushAfter: '5s' })
      @Retry({ maxAttempts: 1, onExhausted: (error) => void told.push(error) })
      sync(_events: Changed[]) {
        throw new Error('down');
      }
    }
    const app = await open([Failing]);
    const [handle] = (await app.publish(Changed, change(1))).executions;
    await app.advance('5s');
    expect(await handle?.status()).toBe('failed');
    expect(told).toEqual([new Error('down')]);
  });

  it('parks when a step of it fails for good, too', async () => {
    @Worker('steps')
    class Steps {
      @Debounce(Changed, { key: 'contactId', flushAfter: '5s' })
      async sync(events: Changed[]) {
        await this.save(events.length);
      }

      @Step()
      @Retry({ maxAttempts: 1 })
      async save(_count: number): Promise<void> {
        throw new Error('down');
      }
    }
    const app = await open([Steps]);
    const [handle] = (await app.publish(Changed, change(1))).executions;
    await app.advance('5s');
    expect(await handle?.status()).toBe('parked');
  });

  it('spends no attempt while the store does not give its events', async () => {
    const store = memoryStore();
    const inbox = store.inbox.bind(store);
    let refusals = 5;
    store.inbox = async (...asked) => {
      if (refusals-- > 0) throw new Error('the disk is gone');
      return inbox(...asked);
    };
    const app = await openApp([ContactSync], { store });
    await publish(app, 1, 2);
    await app.advance('1 minute');
    expect(batches).toEqual([[1, 2]]);
    expect((await app.executions.list()).map(({ status, attempt }) => [status, attempt])).toEqual([
      ['completed', 1],
    ]);
  });

  it('calls steps, sleeps and goes on after a crash with the same events', async () => {
    const saved: number[] = [];
    @Worker('durable')
    class Durable {
      @Debounce(Changed, { key: 'contactId', flushAfter: '5s' })
      async sync(events: Changed[], { flushReason, eventCount }: DebounceContext) {
        for (const { n } of events) await this.save(n);
        await sleep('1 hour');
        return [flushReason, eventCount, events.length];
      }

      @Step()
      async save(n: number) {
        saved.push(n);
      }
    }
    const app = await open([Durable]);
    const [handle] = (await app.publish(Changed, change(1))).executions;
    await app.publish(Changed, change(2));
    await app.debounce(Durable).flush('c');
    await app.settle();
    await app.publish(Changed, change(3));
    await app.crash();
    await app.restart();
    await app.advance('59 minutes');
    expect(saved).toEqual([1, 2]);
    await app.advance('1 minute');
    expect(await app.execution(handle?.id ?? '').result()).toEqual(['manual', 2, 2]);
    await app.advance('2 hours');
    expect(saved).toEqual([1, 2, 3]);
  });

  it('w2 · an event that is not valid leaves no trace, also as the first', async () => {
    const app = await open();
    const contacts = app.debounce(ContactSync);
    const invalid = { contactId: 'c', n: 'one' } as unknown as Changed;
    await expect(contacts.add({ event: invalid })).rejects.toThrow(InvalidEventError);
    await expect(app.publish(Changed, invalid)).rejects.toThrow(InvalidEventError);
    await expect(app.publish(Changed, change(1, ''))).rejects.toThrow(
      /is the key: give text that is not empty/,
    );
    expect(await contacts.status('c')).toMatchObject({ status: 'not_found', eventCount: 0 });
    expect(await contacts.add({ event: change(1) })).toMatchObject({
      created: true,
      willFlushAt: START + 5_000,
    });
    await app.advance('5s');
    expect(batches).toEqual([[1]]);
  });

  it('D16 · D17 · add, status, flush and clear', async () => {
    const app = await open();
    const contacts = app.debounce(ContactSync, 'sync');
    const first = await contacts.add({ event: change(1) });
    expect(first).toMatchObject({
      created: true,
      duplicate: false,
      eventCount: 1,
      willFlushAt: START + 5_000,
    });
    await app.advance('1s');
    expect(await contacts.add({ id: 'c', event: change(2, 'other') })).toEqual({
      created: false,
      duplicate: false,
      eventCount: 2,
      willFlushAt: START + 5_000,
      executionId: first.executionId,
    });
    expect(await contacts.status('c')).toEqual({
      status: 'debouncing',
      eventCount: 2,
      startedAt: START,
      willFlushAt: START + 5_000,
      executionId: first.executionId,
    });
    expect(await contacts.getState('c')).toEqual([change(1), change(2, 'other')]);
    expect(await contacts.flush('c')).toMatchObject({ flushed: true, eventCount: 2, reason: 'manual' });
    await app.settle();
    expect(batches).toEqual([[1, 2]]);
    expect(contexts[0]?.flushReason).toBe('manual');
    expect(await contacts.status('c')).toMatchObject({ status: 'idle', eventCount: 0, willFlushAt: null });
    expect(await contacts.flush('c')).toMatchObject({ flushed: false, eventCount: 0, reason: 'empty' });

    const cleared = await contacts.add({ event: change(3) });
    await contacts.add({ event: change(4) });
    expect(await contacts.clear('c')).toEqual({ cleared: true, discardedEvents: 2 });
    expect(await contacts.clear('c')).toEqual({ cleared: false, discardedEvents: 0 });
    await contacts.add({ event: change(5) });
    await app.advance('1 minute');
    expect(batches).toEqual([[1, 2], [5]]);
    expect(await app.execution(cleared.executionId).status()).toBe('cancelled');
    expect(await contacts.status('nobody')).toMatchObject({ status: 'not_found', executionId: null });
  });

  it('w12 · an event with a known id is added once', async () => {
    const app = await open();
    const contacts = app.debounce(ContactSync);
    const first = await contacts.add({ event: change(1), eventId: 'e1' });
    expect(await contacts.add({ event: change(1), eventId: 'e1' })).toEqual({
      ...first,
      created: false,
      duplicate: true,
    });
    await expect(contacts.add({ event: change(2), eventId: 'e1' })).rejects.toThrow(EventConflictError);
    await app.publish(Changed, change(2), { id: 'e2' });
    await app.publish(Changed, change(2), { id: 'e2' });
    await app.advance('5s');
    expect(batches).toEqual([[1, 2]]);
    expect(await contacts.add({ event: change(1), eventId: 'e1' })).toMatchObject({
      duplicate: true,
      eventCount: 0,
      willFlushAt: null,
      executionId: first.executionId,
    });
    await app.advance('1 minute');
    expect(batches).toHaveLength(1);
  });

  it('gets what executions publish, in the order in which they did', async () => {
    const Start = defineEvent('start', z.object({ count: z.number() }));
    @Worker('starter')
    class Starter {
      static app: TestApp;
      @OnEvent(Start)
      async go({ count }: { count: number }) {
        for (let n = 1; n <= count; n++) {
          const published = await Starter.app.publish(Changed, change(n));
          if (published.executions.length > 0) throw new Error('nobody knows yet which execution takes it');
        }
        await sleep('1s');
        return count;
      }
    }
    const app = await open([Starter, ContactSync]);
    Starter.app = app;
    const published = await app.publish(Start, { count: 2 });
    await app.settle();
    await app.crash();
    await app.restart();
    Starter.app = app;
    await app.advance('10s');
    expect(await app.execution(published.executions[0]?.id ?? '').result()).toBe(2);
    expect(batches).toEqual([[1, 2]]);
  });

  it('what is published for later joins when its time comes', async () => {
    const app = await open();
    const [handle] = (await app.publish(Changed, change(1), { delay: '1 minute' })).executions;
    await app.advance('58s');
    await publish(app, 2);
    await app.advance('2s');
    expect(await handle?.status()).toBe('skipped');
    expect((await app.debounce(ContactSync).status('c')).eventCount).toBe(2);
    await app.advance('3s');
    expect(batches).toEqual([[2, 1]]);
  });

  it('tells when a batch begins to collect and when it was handled', async () => {
    const app = await open();
    const told: LifecycleEvent[] = [];
    app.on('debounce.started', (event) => told.push(event));
    app.on('debounce.flushed', (event) => told.push(event));
    await publish(app, 1, 2);
    await app.advance('5s');
    const common = { worker: 'contacts', handler: 'sync', instanceId: 'debounce:contacts:c', session: null };
    expect(told).toMatchObject([
      { name: 'debounce.started', flushAt: START + 5_000, at: START, ...common },
      { name: 'debounce.flushed', eventCount: 2, reason: 'flushAfter', durationMs: 0, ...common },
    ]);
  });

  it('takes as many as limits.bufferedEvents when it names no number', async () => {
    @Worker('unbounded')
    class Unbounded {
      @Debounce(Changed, { key: 'contactId', flushAfter: '5s' })
      sync(events: Changed[], context: DebounceContext) {
        handled(events, context);
      }
    }
    const app = await open([Unbounded], { limits: { bufferedEvents: 2 } });
    await publish(app, 1, 2, 3);
    await app.settle();
    expect(batches).toEqual([[1, 2]]);
    expect(contexts[0]?.flushReason).toBe('maxEvents');
  });

  it('D36 · a batch of thousands has all of them, and is cancelled as any other', async () => {
    @Worker('big')
    class Big {
      @Debounce(Changed, { key: 'contactId', flushAfter: '5s' })
      sync(events: Changed[], context: DebounceContext) {
        handled(events, context);
      }
    }
    const app = await open([Big]);
    const numbers = Array.from({ length: 2_500 }, (_, n) => n);
    await app.publishMany(numbers.map((n) => [Changed, change(n)] as const));
    await app.advance('5s');
    expect(batches).toEqual([numbers]);
    const [handle] =
      (await app.publishMany(numbers.map((n) => [Changed, change(n)] as const)))[0]?.executions ?? [];
    expect(await app.debounce(Big).clear('c')).toEqual({ cleared: true, discardedEvents: 2_500 });
    await app.advance('5s');
    expect(batches).toHaveLength(1);
    expect(await handle?.status()).toBe('cancelled');
  });

  it('keeps events of sessions apart', async () => {
    const app = await open();
    await app.publish(Changed, change(1), { session: 't1' });
    await app.publish(Changed, change(2), { session: 't2' });
    await app.publish(Changed, change(3));
    expect((await app.debounce(ContactSync).status('c', { session: 't1' })).eventCount).toBe(1);
    await app.advance('5s');
    expect(new Set(batches.flat())).toEqual(new Set([1, 2, 3]));
    expect(batches).toHaveLength(3);
    expect(new Set(contexts.map(({ instanceId }) => instanceId)).size).toBe(1);
  });
});

describe.each<[string, () => Store]>([
  ['memory', () => memoryStore()],
  ['SQLite', () => sqliteStore(':memory:')],
])('a publisher that does not load the class, in %s', (_name, makeStore) => {
  it('gives an event to its batch by the path of its key', async () => {
    const store = makeStore();
    const worker = await openApp([ContactSync], { store });
    const publisher = await openApp([], { store, role: 'publisher' });
    await publisher.publish(Changed, change(1));
    await worker.publish(Changed, change(2));
    expect((await worker.debounce(ContactSync).status('c')).eventCount).toBe(2);
    await publisher.publish(Changed, change(3));
    await worker.settle();
    expect(batches).toEqual([[1, 2, 3]]);
  });

  it('starts an execution that finds the batch where the key is a function', async () => {
    @Worker('by-function')
    class ByFunction {
      @Debounce(Changed, { key: ({ contactId }) => contactId.toLowerCase(), flushAfter: '5s' })
      sync(events: Changed[], context: DebounceContext) {
        handled(events, context);
      }
    }
    const store = makeStore();
    const worker = await openApp([ByFunction], { store });
    const publisher = await openApp([], { store, role: 'publisher' });
    await worker.publish(Changed, change(1));
    const published = await publisher.publish(Changed, change(2, 'C'));
    await worker.settle();
    expect((await worker.debounce(ByFunction).status('c')).eventCount).toBe(2);
    expect(await worker.execution(published.executions[0]?.id ?? '').status()).toBe('skipped');
    // The handle has the class.
    const added = await publisher.debounce(ByFunction).add({ event: change(3, 'C') });
    expect(added).toMatchObject({ created: false, eventCount: 3 });
    await worker.advance('5s');
    expect(batches).toEqual([[1, 2, 3]]);
  });

  it('is told by add() when no process takes its events', async () => {
    const publisher = await openApp([], { role: 'publisher' });
    await expect(publisher.debounce(ContactSync).add({ event: change(1) })).rejects.toThrow(
      /no process has started with contacts.sync/,
    );
  });
});

describe('batches of several processes and deploys', () => {
  it('one at a time, whichever process has them', async () => {
    const running = new Set<string>();
    const order: string[] = [];
    @Worker('shared')
    class Shared {
      @Debounce(Changed, { key: 'contactId', flushAfter: '1s', maxEvents: 2 })
      async sync(events: Changed[], { id }: DebounceContext) {
        if (running.size > 0 && !running.has(id)) throw new NonRetryableError('two at once');
        running.add(id);
        await this.note(events.map(({ n }) => n).join());
        await sleep('10s');
        running.delete(id);
      }

      @Step()
      async note(numbers: string) {
        order.push(numbers);
      }
    }
    const store = memoryStore();
    const [first, second] = [await openApp([Shared], { store }), await openApp([Shared], { store })];
    for (const n of [1, 2, 3, 4, 5]) await (n % 2 === 0 ? first : second).publish(Changed, change(n));
    await first.advance('15s');
    await first.crash();
    await second.advance('5 minutes');
    expect(order).toEqual(['1,2', '3,4', '5']);
    expect((await second.executions.list()).map(({ status }) => status)).toEqual([
      'completed',
      'completed',
      'completed',
    ]);
  });

  it('a batch that collects while a new version is deployed is handled by it, with all of its events', async () => {
    @Worker('deployed')
    class Before {
      @Debounce(Changed, { key: 'contactId', flushAfter: '1 minute' })
      sync(events: Changed[], context: DebounceContext) {
        handled(events, context);
      }
    }
    @Worker('deployed')
    class After {
      @Debounce(Changed, { key: 'contactId', flushAfter: '5s' })
      async sync(events: Changed[], context: DebounceContext) {
        await this.check();
        handled(events, context);
      }

      @Step()
      async check() {
        return true;
      }
    }
    const store = memoryStore();
    const before = await openApp([Before], { store });
    await publish(before, 1);
    await before.close();
    const after = await openApp([After], { store });
    await publish(after, 2);
    await after.advance('2 minutes');
    expect(batches).toEqual([[1, 2]]);
  });

  it('a batch whose @Debounce was taken away loses no event: it is parked until that is back', async () => {
    @Worker('deployed')
    class Collecting {
      @Debounce(Changed, { key: 'contactId', flushAfter: '1 minute' })
      sync(events: Changed[], context: DebounceContext) {
        handled(events, context);
      }
    }
    @Worker('deployed')
    class Plain {
      @OnEvent(Changed)
      async sync({ n }: Changed) {
        batches.push([n]);
      }
    }
    const store = memoryStore();
    const before = await openApp([Collecting], { store });
    await publish(before, 1, 2);
    await before.close();
    const between = await openApp([Plain], { store });
    await between.advance('2 minutes');
    const [{ id, status } = { id: '', status: null }] = await between.executions.list();
    expect([batches, status]).toEqual([[], 'parked']);
    const outcome = await between.execution(id).outcome();
    expect(outcome).toMatchObject({ executionTime: 0, error: { cause: { code: 'NON_DETERMINISM' } } });
    await between.close();
    const after = await openApp([Collecting], { store });
    await after.execution(id).resume();
    await after.settle();
    expect(batches).toEqual([[1, 2]]);
  });

  it('what had recorded steps before its method got a @Debounce is handled in no batch besides, unless told to', async () => {
    const charged: string[] = [];
    @Worker('deployed')
    class Plain {
      @OnEvent(Changed)
      async sync({ n }: Changed) {
        await this.charge([n]);
        await sleep('1 minute');
      }

      @Step() async charge(numbers: readonly number[]) {
        charged.push(numbers.join());
      }
    }
    @Worker('deployed')
    class Collecting {
      @Debounce(Changed, { key: 'contactId', flushAfter: '5s' })
      async sync(events: Changed[]) {
        await this.charge(events.map(({ n }) => n));
      }

      @Step() async charge(numbers: readonly number[]) {
        charged.push(numbers.join());
      }
    }
    const store = memoryStore();
    const before = await openApp([Plain], { store });
    await publish(before, 1, 2);
    await before.settle();
    await before.close();
    const after = await openApp([Collecting], { store });
    await after.advance('5 minutes');
    expect(charged).toEqual(['1', '2']);
    const [first] = await after.executions.list();
    expect(first?.status).toBe('parked');
    await after.execution(first?.id ?? '').retry({ from: 'charge' });
    await after.advance('1 minute');
    expect(charged).toEqual(['1', '2', '1']);
  });
});

describe('what adds from within', () => {
  it('is told to publish instead, and run() to add', async () => {
    const Start = defineEvent('start', z.object({}));
    @Worker('adder')
    class Adder {
      static app: TestApp;
      @OnEvent(Start)
      async go() {
        await Adder.app.debounce(ContactSync).add({ event: change(1) });
      }
    }
    const app = await openApp([Adder, ContactSync]);
    Adder.app = app;
    const published = await app.publish(Start, {});
    await app.advance('1 minute');
    await expect(published.of(Adder).result()).rejects.toThrow(/Publish the event instead/);
    await expect(app.run(ContactSync, 'sync', [change(1)])).rejects.toThrow(/collects events/);
  });
});
