import {
  defineEvent,
  EventConflictError,
  execution,
  fixed,
  Inject,
  InvalidEventError,
  OnEvent,
  Retry,
  sleep,
  sqliteStore,
  Step,
  step,
  Timeout,
  UnstorableResultError,
  Worker,
  WORKER_APP,
  WorkerApp,
} from 'holdfast';
import { z } from 'zod';
import { openApp } from './support/open-apps.js';

const Start = defineEvent('start', z.object({ kind: z.string().default('') }));
const Dated = defineEvent('dated', z.object({ at: z.coerce.date(), tags: z.set(z.string()) }));

const told: unknown[] = [];
beforeEach(() => {
  told.length = 0;
});

class CardDeclined extends Error {
  override readonly name = 'CardDeclined';
  constructor(readonly card: string) {
    super(`declined ${card}`);
  }
}

describe('what handlers throw and return', () => {
  @Worker('throws')
  class ThrowWorker {
    @OnEvent(Start)
    @Retry({ maxAttempts: 1 })
    run({ kind }: { kind: string }): unknown {
      switch (kind) {
        case 'text':
          throw 'a text';
        case 'nothing':
          throw undefined;
        case 'class':
          throw new CardDeclined('4242');
        case 'cause':
          throw new Error('outer', { cause: new CardDeclined('1') });
        case 'function':
          return () => 1;
        case 'huge':
          return 'x'.repeat(2_000_000);
        default:
          return kind;
      }
    }
  }

  test.each([
    ['text', 'a text'],
    ['nothing', undefined],
  ])('%s that is no error comes back as it was thrown', async (kind, thrown) => {
    const app = await openApp([ThrowWorker]);
    const handle = (await app.publish(Start, { kind })).of(ThrowWorker);
    const caught = await handle.result().then(
      () => 'resolved',
      (error: unknown) => error,
    );
    expect(caught).toBe(thrown);
    expect(await handle.status()).toBe('failed');
  });

  test('a registered error comes back as its class, with its fields, its cause too', async () => {
    const app = await openApp([ThrowWorker], { types: [CardDeclined] });
    const failed = (await app.publish(Start, { kind: 'class' })).of(ThrowWorker);
    await expect(failed.result()).rejects.toBeInstanceOf(CardDeclined);
    await expect(failed.result()).rejects.toMatchObject({ card: '4242', message: 'declined 4242' });
    const nested = (await app.publish(Start, { kind: 'cause' })).of(ThrowWorker);
    await expect(nested.result()).rejects.toMatchObject({ message: 'outer', cause: { card: '1' } });
  });

  test('a result that cannot be kept fails the execution, once', async () => {
    const app = await openApp([ThrowWorker]);
    for (const kind of ['function', 'huge'])
      await expect((await app.publish(Start, { kind })).of(ThrowWorker).result()).rejects.toThrow(
        UnstorableResultError,
      );
    expect(await app.execute(Start, { kind: 'a plain method' })).toEqual(['a plain method']);
  });
});

describe('an event', () => {
  @Worker('dates')
  class DateWorker {
    @OnEvent(Dated)
    async run({ at, tags }: { at: Date; tags: Set<string> }): Promise<unknown> {
      told.push([at instanceof Date, at.getTime(), [...tags]]);
      await sleep('1 hour');
      return at;
    }
  }

  test('is the same on the resume as on the first run', async () => {
    const app = await openApp([DateWorker], { store: sqliteStore(':memory:') });
    const handle = (await app.publish(Dated, { at: '2026-01-01', tags: new Set(['a']) })).of(DateWorker);
    await app.advance('1 hour');
    expect(await handle.result()).toEqual(new Date('2026-01-01'));
    expect(told).toEqual([
      [true, Date.parse('2026-01-01'), ['a']],
      [true, Date.parse('2026-01-01'), ['a']],
    ]);
  });

  test.each([
    ['too large', { kind: 'x'.repeat(300_000) }],
    ['too large in bytes', { kind: '€'.repeat(100_000) }],
    ['too deep', { kind: 'x', deep: JSON.parse('['.repeat(100) + ']'.repeat(100)) as unknown }],
    [
      'too wide',
      { kind: 'x', ...Object.fromEntries(Array.from({ length: 1_100 }, (_, at) => [`k${at}`, at])) },
    ],
  ])('%s is refused before it is stored', async (_, data) => {
    const app = await openApp([DateWorker]);
    await expect(app.publish(Start, data)).rejects.toThrow(InvalidEventError);
    expect(await app.executions.list()).toEqual([]);
  });
});

describe('steps that nobody awaits', () => {
  @Worker('loose')
  class LooseWorker {
    @OnEvent(Start)
    async run({ kind }: { kind: string }): Promise<string> {
      void this.work(kind);
      return 'returned';
    }

    @Step()
    @Retry({ maxAttempts: 1 })
    async work(kind: string): Promise<void> {
      await new Promise((resolve) => setImmediate(resolve));
      told.push(kind);
      if (kind === 'fails') throw new Error('in the background');
    }
  }

  test('are awaited before the execution ends, and fail it when they fail', async () => {
    const unhandled: unknown[] = [];
    const listener = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', listener);
    const app = await openApp([LooseWorker]);
    expect(await app.execute(Start, { kind: 'works' })).toEqual(['returned']);
    await expect(app.execute(Start, { kind: 'fails' })).rejects.toThrow('in the background');
    expect(told).toEqual(['works', 'fails']);
    // Node tells of unhandled rejections before the next turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', listener);
    expect(unhandled).toEqual([]);
  });
});

describe('combinators', () => {
  @Worker('combinators')
  class CombinatorWorker {
    @OnEvent(Start)
    async run({ kind }: { kind: string }): Promise<unknown> {
      const parts = [this.part('a', 1), this.part('b', kind === 'any' ? 1 : 2), this.part('c', 0)];
      if (kind === 'any') return Promise.any(parts);
      if (kind === 'settled') return (await Promise.allSettled(parts)).map((each) => each.status);
      return Promise.all(parts);
    }

    @Step()
    @Retry({ maxAttempts: 2, backoff: fixed('1s') })
    async part(name: string, failures: number): Promise<string> {
      told.push(name);
      if (execution().attempt <= failures) throw new Error(`${name} fails`);
      return name;
    }
  }

  test.each([
    ['any', 'c'],
    ['settled', ['fulfilled', 'rejected', 'fulfilled']],
  ])('Promise.%s over steps of which some are retried', async (kind, expected) => {
    for (const executionMode of ['UNTIL_ERROR', 'ISOLATED'] as const) {
      told.length = 0;
      const app = await openApp([CombinatorWorker], { executionMode });
      const handle = (await app.publish(Start, { kind })).of(CombinatorWorker, 'run');
      await app.advance('1 minute');
      expect([executionMode, await handle.result()]).toEqual([executionMode, expected]);
      expect(told).toEqual(['a', 'b', 'c', 'a', 'b']);
    }
  });

  test('Promise.all fails with the first step that fails for good', async () => {
    const app = await openApp([CombinatorWorker]);
    const handle = (await app.publish(Start, {})).of(CombinatorWorker, 'run');
    await app.advance('1 minute');
    await expect(handle.result()).rejects.toThrow('b fails');
    expect((await handle.steps()).map(({ path, status }) => [path, status])).toEqual([
      ['run/part', 'completed'],
      ['run/part', 'completed'],
      ['run/part', 'failed'],
    ]);
  });
});

describe('publishing inside an execution', () => {
  const Child = defineEvent('child', z.object({ n: z.number() }));

  @Worker('parents')
  class ParentWorker {
    constructor(@Inject(WORKER_APP) private readonly app: WorkerApp) {}

    @OnEvent(Start)
    async run({ kind }: { kind: string }): Promise<unknown> {
      if (kind === 'conflict') {
        await this.app.publish(Child, { n: 1 }, { id: 'child' });
        return this.app.publish(Child, { n: 2 }, { id: 'child' }).then(
          () => 'accepted',
          (error: unknown) => error instanceof EventConflictError,
        );
      }
      if (kind === 'invalid')
        return this.app.publish(Child, { n: 'x' } as never).catch((error: Error) => error.name);
      const published = await this.app.publishMany([
        [Child, { n: 1 }, { delay: '1 hour' }],
        [Child, { n: 2 }, { session: 'tenant', priority: 5 }],
      ]);
      await sleep('2 hours');
      return published.map((each) => each.executions.length);
    }

    @OnEvent(Child)
    async child({ n }: { n: number }): Promise<void> {
      told.push([n, execution().session, execution().depth]);
    }
  }

  test('takes all options, and sends nothing again on resume', async () => {
    const app = await openApp([ParentWorker]);
    const handle = (await app.publish(Start, {})).of(ParentWorker, 'run');
    await app.settle();
    expect(told).toEqual([[2, 'tenant', 1]]);
    await app.advance('1 hour');
    expect(told).toEqual([
      [2, 'tenant', 1],
      [1, null, 1],
    ]);
    await app.advance('1 hour');
    expect(await handle.result()).toEqual([1, 1]);
    expect(told).toHaveLength(2);
  });

  test('refuses what is invalid there, where it can be caught', async () => {
    const app = await openApp([ParentWorker]);
    expect(await app.execute(Start, { kind: 'invalid' })).toEqual(['InvalidEventError']);
  });

  test('tells a conflicting id there, too', async () => {
    const app = await openApp([ParentWorker]);
    const handle = (await app.publish(Start, { kind: 'conflict' })).of(ParentWorker, 'run');
    await app.advance('1 hour');
    expect([await handle.status(), told.length]).toEqual(['completed', 1]);
    expect(await handle.result()).toBe(true);
  });
});

describe('cancellation and parking', () => {
  @Worker('long')
  class LongWorker {
    @OnEvent(Start)
    @Timeout('1 day')
    async run({ kind }: { kind: string }): Promise<string> {
      await step('begin', () => told.push('begin'));
      await this.flaky(kind);
      return 'done';
    }

    @Step()
    @Retry({ maxAttempts: 3, backoff: fixed('1 hour'), onExhausted: 'park' })
    async flaky(kind: string): Promise<void> {
      told.push('flaky');
      if (kind === 'fails') throw new Error('flaky');
    }
  }

  test('one that waits for a retry is cancelled at once', async () => {
    const app = await openApp([LongWorker]);
    const handle = (await app.publish(Start, { kind: 'fails' })).of(LongWorker, 'run');
    await app.settle();
    await handle.cancel();
    await app.advance('1 day');
    expect([await handle.status(), told]).toEqual(['cancelled', ['begin', 'flaky']]);
  });

  test('a parked one keeps no timer, is resumed with fresh attempts, and may be cancelled', async () => {
    const app = await openApp([LongWorker]);
    const handle = (await app.publish(Start, { kind: 'fails' })).of(LongWorker, 'run');
    await app.advance('30 days');
    expect([await handle.status(), told]).toEqual(['parked', ['begin', 'flaky', 'flaky', 'flaky']]);
    const undo = app.override(LongWorker, 'flaky', () => {
      throw new Error('still');
    });
    await handle.resume();
    await app.advance('3 hours');
    expect(await handle.status()).toBe('parked');
    undo();
    await handle.cancel();
    await app.settle();
    expect(await handle.status()).toBe('cancelled');
  });

  test('two who wait for one result both get it', async () => {
    const app = await openApp([LongWorker]);
    const handle = (await app.publish(Start, { kind: '' })).of(LongWorker, 'run');
    const again = app.execution(handle.id);
    expect(await Promise.all([handle.result(), handle.result(), again.result()])).toEqual([
      'done',
      'done',
      'done',
    ]);
  });
});
