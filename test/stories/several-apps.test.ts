import {
  defineEvent,
  type ExecutionHandle,
  memoryStore,
  OnEvent,
  Retry,
  sqliteStore,
  Step,
  type Store,
  Worker,
} from 'holdfast';
import { z } from 'zod';
import { openApp } from './support/open-apps.js';

const Start = defineEvent('start', z.object({ n: z.number() }));

@Worker('plain')
class Plain {
  @OnEvent(Start)
  async go({ n }: { n: number }): Promise<number> {
    return this.one(n);
  }

  @Step()
  one(n: number): number {
    return n;
  }
}

@Worker('second')
class Second {
  @OnEvent(Start)
  async go({ n }: { n: number }): Promise<number> {
    return n * 2;
  }
}

const stores: readonly (readonly [name: string, make: () => Store])[] = [
  ['memory', () => memoryStore()],
  ['SQLite', () => sqliteStore(':memory:')],
];

describe.each(stores)('several apps on one %s store', (_, make) => {
  test('a worker whose app has started gets the next event of an app that knew another subscriber', async () => {
    const store = make();
    const first = await openApp([Plain], { store });
    await first.publish(Start, { n: 1 });
    await openApp([Second], { store });
    await first.settle();
    const published = await first.publish(Start, { n: 2 });
    expect(published.executions.map(({ worker }) => worker)).toEqual(['plain', 'second']);
  });

  test('an app that only publishes does not keep workers of a newer graph from what it published', async () => {
    @Worker('changing')
    class Before {
      @OnEvent(Start)
      async go(): Promise<string> {
        return this.one();
      }

      @Step()
      one(): string {
        return 'done';
      }
    }
    @Worker('changing')
    class After {
      @OnEvent(Start)
      async go(): Promise<string> {
        return this.one();
      }

      @Step()
      one(): string {
        return 'done';
      }

      @Step()
      two(): string {
        return 'unused';
      }
    }
    const store = make();
    const web = await openApp([Before], { store, role: 'publisher' });
    const [before] = (await web.publish(Start, { n: 1 })).executions as [ExecutionHandle];
    const worker = await openApp([After], { store });
    await worker.advance('20s');
    expect(await before.status()).toBe('completed');
  });
});

test('a handle gives the new result after another handle retried the execution', async () => {
  let tries = 0;
  @Worker('flaky')
  class Flaky {
    @OnEvent(Start)
    async go(): Promise<string> {
      return this.charge();
    }

    @Step()
    @Retry({ maxAttempts: 1 })
    charge(): string {
      if (++tries === 1) throw new Error('down');
      return `charged ${tries}`;
    }
  }
  const app = await openApp([Flaky]);
  const handle = (await app.publish(Start, { n: 1 })).of(Flaky);
  const unread = app.execution(handle.id);
  await app.settle();
  await unread.retry();
  await app.settle();
  expect([await handle.status(), await handle.result()]).toEqual(['completed', 'charged 2']);
  await app.execution(handle.id).retry({ from: 'charge' });
  await app.settle();
  expect(await handle.result()).toBe('charged 3');
});

test('result() in another app rejects when the store has dropped the execution before it looked', async () => {
  const store = memoryStore({ keep: 0 });
  const publisher = await openApp([], { store, role: 'publisher' });
  await openApp([Plain], { store }).then((app) => app.pause(Plain));
  const published = await publisher.publish(Start, { n: 1 });
  const result = published.executions[0]?.result().catch((error: Error) => error.name);
  const worker = await openApp([Plain], { store });
  await worker.resume(Plain);
  await worker.advance('2s');
  expect(await result).toBe('ExecutionNotFoundError');
});

test('outcome() answers where the value of a step cannot be decoded', async () => {
  class Money {
    constructor(readonly n: number) {}
  }
  @Worker('typed')
  class Typed {
    @OnEvent(Start)
    async go(): Promise<void> {
      await this.pay();
      throw Object.assign(new Error('after'), { retryable: false });
    }

    @Step()
    async pay(): Promise<object> {
      return new Money(1);
    }
  }
  const store = memoryStore();
  const app = await openApp([Typed], { store, types: [Money] });
  const { id } = (await app.publish(Start, { n: 1 })).of(Typed);
  await app.settle();
  const operator = await openApp([], { store, role: 'publisher' });
  expect(await operator.execution(id).outcome()).toMatchObject({
    success: false,
    error: { message: 'after', completedSteps: ['go/pay'] },
  });
});
