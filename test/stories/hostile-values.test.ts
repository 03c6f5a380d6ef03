import { defineEvent, OnEvent, Step, Worker, type WorkerClass } from 'holdfast';
import { z } from 'zod';
import { openApp } from './support/open-apps.js';

const Start = defineEvent('start', z.object({ n: z.number() }));
const Fine = defineEvent('fine', z.object({ n: z.number() }));

@Worker('fine')
class FineWorker {
  @OnEvent(Fine)
  async go({ n }: { n: number }): Promise<number> {
    return this.one(n);
  }

  @Step()
  one(n: number): number {
    return n;
  }
}

function unreadable(target: object, name: string): never {
  const get = (): never => {
    throw new Error(`nobody reads ${name}`);
  };
  return Object.defineProperty(target, name, { enumerable: true, get }) as never;
}

const closed = new Proxy(new Error('x'), {
  get: () => {
    throw new Error('closed');
  },
  getPrototypeOf: () => {
    throw new Error('closed');
  },
});

/** A worker whose handler calls a step with that body. */
function stepping(body: () => unknown, atMostOnce = false): WorkerClass {
  @Worker('hostile')
  class Hostile {
    @OnEvent(Start)
    async go(): Promise<unknown> {
      return this.bad();
    }

    @Step({ atMostOnce })
    bad(): never {
      return body() as never;
    }
  }
  return Hostile;
}

/** A worker whose handler has that body. */
function handling(body: () => unknown): WorkerClass {
  @Worker('hostile')
  class Hostile {
    @OnEvent(Start)
    async go(): Promise<unknown> {
      return body();
    }
  }
  return Hostile;
}

const throwing = (error: unknown) => (): never => {
  throw error;
};
const answering =
  (then: (resolve: (value: unknown) => void, reject: (error: unknown) => void) => void) => () => ({
    // oxlint-disable-next-line unicorn/no-thenable -- that is what is tested
    then,
  });

const twice = (promise: Promise<unknown>): Promise<unknown> =>
  // oxlint-disable-next-line unicorn/no-thenable -- that is what is tested
  Object.defineProperty(promise, 'then', { value: (ok: (value: unknown) => void) => [ok(2), ok(3)] });

let rejections: unknown[];
const note = (reason: unknown): void => void rejections.push(reason);

beforeEach(() => {
  rejections = [];
  process.on('unhandledRejection', note);
  process.on('uncaughtException', note);
});

afterEach(() => {
  process.off('unhandledRejection', note);
  process.off('uncaughtException', note);
});

test.each([
  [
    'a step throws an error whose mark cannot be read',
    stepping(throwing(unreadable(new Error('x'), 'retryable'))),
    'failed',
  ],
  [
    'a step throws an error whose cause cannot be read',
    stepping(throwing(unreadable(new Error('x'), 'cause'))),
    'failed',
  ],
  ['a step throws what no property can be read of', stepping(throwing(closed)), 'failed'],
  ['a step throws an object without a prototype', stepping(throwing(Object.create(null))), 'failed'],
  [
    'a handler throws an error whose mark cannot be read',
    handling(throwing(unreadable(new Error('x'), 'retryable'))),
    'failed',
  ],
  [
    'a handler throws an error whose cause cannot be read',
    handling(throwing(unreadable(new Error('x'), 'cause'))),
    'failed',
  ],
  ['a handler throws what no property can be read of', handling(throwing(closed)), 'failed'],
  ['a step gives an object whose `then` cannot be read', stepping(() => unreadable({}, 'then')), 'failed'],
  ['an at-most-once step gives one', stepping(() => unreadable({}, 'then'), true), 'failed'],
  ['a handler gives an object that cannot be read', handling(() => unreadable({}, 'total')), 'failed'],
  ['a step gives a thenable that throws', stepping(answering(throwing(new Error('x')))), 'failed'],
  ['a step gives a thenable that answers twice', stepping(answering((ok) => [ok(1), ok(2)])), 'completed'],
  [
    'a step gives a promise whose own `then` answers twice',
    stepping(() => twice(Promise.resolve(1))),
    'completed',
  ],
  ['a step gives a thenable that answers both', stepping(answering((ok, no) => [ok(1), no(2)])), 'completed'],
  [
    'a step gives a thenable that gives a promise',
    stepping(answering((ok) => ok(Promise.resolve(1)))),
    'completed',
  ],
])('%s: its execution ends, nothing is unhandled, and others go on', async (_, worker, expected) => {
  const app = await openApp([worker, FineWorker]);
  const [execution] = (await app.publish(Start, { n: 1 })).executions;
  await app.advance('10 minutes');
  expect(await app.execute(Fine, { n: 7 })).toEqual([7]);
  expect(await execution?.status()).toBe(expected);
  const value = expected === 'completed' ? await execution?.result() : 1;
  expect(value).toBe(1);
  expect((await app.stats()).queues.local.running).toBe(0);
  // Node tells of unhandled rejections before the next turn of the event loop.
  await new Promise((resolve) => setImmediate(resolve));
  expect(rejections).toEqual([]);
});

test.each([
  ['nothing that becomes text', Object.create(null)],
  ['what cannot be read', closed],
])('a listener that throws %s disturbs nobody', async (_, thrown) => {
  const app = await openApp([FineWorker]);
  app.on('execution.completed', throwing(thrown));
  expect(await app.execute(Fine, { n: 1 })).toEqual([1]);
  expect(await app.execute(Fine, { n: 2 })).toEqual([2]);
  expect(rejections).toEqual([]);
});
