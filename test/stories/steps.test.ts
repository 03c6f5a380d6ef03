import {
  CLOCK,
  type Clock,
  defineEvent,
  execution,
  fixed,
  memoryStore,
  OnEvent,
  Retry,
  sleep,
  sqliteStore,
  Step,
  step,
  StepError,
  Worker,
} from 'holdfast';
import { z } from 'zod';
import { killAtEveryWrite } from './support/crash-points.js';
import { openApp } from './support/open-apps.js';

const Start = defineEvent('start', z.object({ n: z.number() }));

/** How often each body ran. */
const ran = new Map<string, number>();
const count = (name: string): number => {
  const times = (ran.get(name) ?? 0) + 1;
  ran.set(name, times);
  return times;
};
beforeEach(() => ran.clear());

describe('names', () => {
  @Worker('loops')
  class LoopWorker {
    @OnEvent(Start)
    async order(): Promise<number> {
      let sum = 0;
      for (let at = 0; at < 100; at++) sum += await step(`step${at}`, () => count(`step${at}`));
      await sleep('1 hour');
      return sum;
    }

    @OnEvent(Start)
    async orderAudit(): Promise<string> {
      await step('step1', () => count('audit'));
      await sleep('1 hour');
      return step('step10', () => 'audited');
    }
  }

  test('case 1 · I40 · of steps and handlers may begin with one another: each of 100 runs once, also over a resume', async () => {
    const app = await openApp([LoopWorker]);
    const published = await app.publish(Start, { n: 1 });
    await app.settle();
    await app.crash();
    await app.restart();
    await app.advance('1 hour');
    expect(await published.of(LoopWorker, 'order').result()).toBe(100);
    expect(await published.of(LoopWorker, 'orderAudit').result()).toBe('audited');
    expect([...ran.values()].every((times) => times === 1)).toBe(true);
    expect(ran.size).toBe(101);
  });
});

describe('parallel steps', () => {
  @Worker('parallel')
  class ParallelWorker {
    @OnEvent(Start)
    async all({ n }: { n: number }): Promise<number> {
      const parts = await Promise.all(Array.from({ length: n }, (_, at) => this.part(at)));
      return this.tail(parts);
    }

    @Step()
    async part(at: number): Promise<number> {
      await Promise.resolve();
      count(`part ${at}`);
      return at;
    }

    @Step()
    async tail(parts: number[]): Promise<number> {
      count('tail');
      return parts.length;
    }
  }

  test.each([2, 3, 10, 50])('case 2 · of %i, then a tail: the tail runs once', async (n) => {
    for (const executionMode of ['UNTIL_ERROR', 'ISOLATED'] as const) {
      ran.clear();
      const app = await openApp([ParallelWorker], { executionMode });
      expect(await app.execute(Start, { n })).toEqual([n]);
      expect([...ran.values()].every((times) => times === 1)).toBe(true);
      expect(ran.get('tail')).toBe(1);
    }
  });

  test('case 2 · killed at every write, in both modes: no reported step repeats, the tail counts all parts', async () => {
    for (const executionMode of ['UNTIL_ERROR', 'ISOLATED'] as const) {
      const writes = await killAtEveryWrite({
        workers: [ParallelWorker],
        options: { executionMode },
        reset: () => ran.clear(),
        begin: (app) => app.publish(Start, { n: 4 }, { id: 'one' }),
        drive: (app) => app.settle(),
        verify: async (app, where) => {
          const published = await app.publish(Start, { n: 4 }, { id: 'one' });
          expect([where, await published.of(ParallelWorker).result()]).toEqual([where, 4]);
          expect([where, Math.max(...ran.values()) <= 2]).toEqual([where, true]);
        },
      });
      expect(writes).toBeGreaterThan(3);
    }
  });

  @Worker('races')
  class RaceWorker {
    @OnEvent(Start)
    async race(): Promise<string> {
      const winner = await Promise.race([this.run('slow', 3), this.run('fast', 1), this.run('middle', 2)]);
      return this.report(winner);
    }

    @Step()
    async run(name: string, turns: number): Promise<string> {
      for (let at = 0; at < turns; at++) await new Promise((resolve) => setImmediate(resolve));
      return name;
    }

    @Step()
    async report(winner: string): Promise<string> {
      count(`report ${winner}`);
      return winner;
    }
  }

  test('a race has the same winner on every replay, whichever write the process dies at', async () => {
    await killAtEveryWrite({
      workers: [RaceWorker],
      reset: () => ran.clear(),
      begin: (app) => app.publish(Start, { n: 0 }, { id: 'one' }),
      drive: (app) => app.settle(),
      verify: async (app, where) => {
        const handle = (await app.publish(Start, { n: 0 }, { id: 'one' })).of(RaceWorker);
        const winner = await handle.result();
        const reports = (await handle.steps()).filter((each) => each.path === 'race/report');
        expect([where, reports.map((each) => each.value)]).toEqual([where, [winner]]);
      },
    });
  });

  @Worker('users')
  class UserWorker {
    @OnEvent(Start)
    async all(): Promise<string[]> {
      const users = ['ann', 'bob', 'cid'];
      return Promise.all(users.map(async (user) => this.save(user, await this.fetch(user))));
    }

    @Step()
    async fetch(user: string): Promise<string> {
      count(`fetch ${user}`);
      return `data of ${user}`;
    }

    @Step()
    async save(user: string, data: string): Promise<string> {
      count(`save ${user}`);
      return `${user}: ${data}`;
    }
  }

  test('branches of several same-named steps each get their own result, whichever write the process dies at', async () => {
    await killAtEveryWrite({
      workers: [UserWorker],
      reset: () => ran.clear(),
      begin: (app) => app.publish(Start, { n: 0 }, { id: 'one' }),
      drive: (app) => app.settle(),
      verify: async (app, where) => {
        const result = await (await app.publish(Start, { n: 0 }, { id: 'one' })).of(UserWorker).result();
        expect([where, result]).toEqual([
          where,
          ['ann', 'bob', 'cid'].map((user) => `${user}: data of ${user}`),
        ]);
      },
    });
  });
});

describe('two handlers of one event', () => {
  @Worker('twins')
  class TwinWorker {
    @OnEvent(Start)
    async first(): Promise<string> {
      return step('same name', () => `first ${count('first')}`);
    }

    @OnEvent(Start)
    async second(): Promise<string> {
      const own = await step('same name', () => `second ${count('second')}`);
      await this.fail();
      return own;
    }

    @Step()
    @Retry({ maxAttempts: 2 })
    async fail(): Promise<void> {
      count('fail');
      throw new Error('second fails');
    }
  }

  test('case 3 · I24 · B10 · with equal step names keep their own results, and one failing neither hides nor repeats the other', async () => {
    const app = await openApp([TwinWorker]);
    const published = await app.publish(Start, { n: 1 });
    const failure = published.of(TwinWorker, 'second').result();
    await Promise.all([app.advance('1 minute'), expect(failure).rejects.toThrow('second fails')]);
    expect(await published.of(TwinWorker, 'first').result()).toBe('first 1');
    expect(Object.fromEntries(ran)).toEqual({ first: 1, second: 1, fail: 2 });
    expect([...published].map((each) => each.handler)).toEqual(['first', 'second']);
  });
});

describe('nested steps', () => {
  @Worker('nested')
  class NestedWorker {
    @OnEvent(Start)
    async run({ n }: { n: number }): Promise<number> {
      return this.outer(n);
    }

    @Step()
    async outer(n: number): Promise<number> {
      count(`outer ${n}`);
      const inner = await this.inner(n);
      await new Promise((resolve) => setImmediate(resolve));
      return inner + (await step('inline', async () => execution().step?.length ?? 0));
    }

    @Step()
    async inner(n: number): Promise<number> {
      count(`inner ${n}`);
      await new Promise((resolve) => setImmediate(resolve));
      return n;
    }
  }

  test('case 6 · I11 · 1,000 nested runs, 100 in flight: none is stuck, and each has its own result', async () => {
    const app = await openApp([NestedWorker], { concurrency: 100 });
    const published = await app.publishMany(Array.from({ length: 1_000 }, (_, n) => [Start, { n }] as const));
    await app.settle();
    const results = await Promise.all(published.map((each) => each.of(NestedWorker).result()));
    expect(results).toEqual(Array.from({ length: 1_000 }, (_, n) => n + 'run/outer/inline'.length));
    expect(Math.max(...ran.values())).toBe(1);
  });

  test('I11 · the path nests by name', async () => {
    const app = await openApp([NestedWorker]);
    const handle = (await app.publish(Start, { n: 1 })).of(NestedWorker);
    await handle.result();
    expect((await handle.steps()).map((each) => each.path)).toEqual([
      'run/outer/inner',
      'run/outer/inline',
      'run/outer',
    ]);
  });
});

class CardDeclined extends Error {
  override readonly name = 'CardDeclined';
  readonly retryable = false;
  constructor(readonly card: string) {
    super(`card ${card} was declined`);
  }
}

describe('compensation', () => {
  const seen: unknown[] = [];

  @Worker('trips')
  class TripWorker {
    @OnEvent(Start)
    async book(): Promise<string> {
      const flight = await this.flight();
      try {
        await this.charge();
        return 'booked';
      } catch (error) {
        seen.push(error);
        await this.cancel(flight);
        return `cancelled: ${(error as Error).message}`;
      }
    }

    @Step()
    async flight(): Promise<string> {
      count('flight');
      return 'LH 1';
    }

    @Step()
    async charge(): Promise<void> {
      count('charge');
      throw new CardDeclined('4242');
    }

    @Step()
    async cancel(_flight: string): Promise<void> {
      count('cancel');
    }
  }

  test('case 26 · I13 · B30 · by try and catch happens once, whichever write the process dies at, with the error of the journal', async () => {
    const writes = await killAtEveryWrite({
      workers: [TripWorker],
      options: { types: [CardDeclined] },
      reset: () => {
        ran.clear();
        seen.length = 0;
      },
      begin: (app) => app.publish(Start, { n: 0 }, { id: 'one' }),
      drive: (app) => app.settle(),
      verify: async (app, where) => {
        const handle = (await app.publish(Start, { n: 0 }, { id: 'one' })).of(TripWorker);
        expect([where, await handle.result()]).toEqual([where, 'cancelled: card 4242 was declined']);
        const paths = (await handle.steps()).map(({ path, status }) => [path, status]);
        expect([where, paths]).toEqual([
          where,
          [
            ['book/flight', 'completed'],
            ['book/charge', 'failed'],
            ['book/cancel', 'completed'],
          ],
        ]);
        for (const error of seen) expect([where, error]).toEqual([where, new CardDeclined('4242')]);
        expect(seen.every((error) => error instanceof CardDeclined && error.card === '4242')).toBe(true);
      },
    });
    expect(writes).toBeGreaterThan(3);
  });

  test('case 26 · an error whose class is not registered is replayed as a StepError with its name and message', async () => {
    const app = await openApp([TripWorker]);
    const handle = (await app.publish(Start, { n: 0 })).of(TripWorker);
    expect(await handle.result()).toBe('cancelled: card 4242 was declined');
    const failed = (await handle.steps()).find((each) => each.status === 'failed');
    expect(failed?.error).toBeInstanceOf(StepError);
    expect(failed?.error).toMatchObject({ name: 'CardDeclined', message: 'card 4242 was declined' });
  });
});

describe('every crash', () => {
  @Worker('orders')
  class OrderWorker {
    @OnEvent(Start)
    async fulfil(): Promise<string[]> {
      const receipt = await this.charge();
      await sleep('1 hour');
      const parcel = await this.ship(receipt);
      return [receipt, parcel, await step('notify', () => `notified ${count('notify')}`)];
    }

    @Step()
    async charge(): Promise<string> {
      return `receipt ${count('charge')} ${await this.authorize()}`;
    }

    @Step()
    async authorize(): Promise<string> {
      return `authorized ${count('authorize')}`;
    }

    @Step()
    @Retry({ maxAttempts: 3 })
    async ship(receipt: string): Promise<string> {
      if (count('ship') === 1) throw new Error('no van');
      return `parcel for ${receipt}`;
    }
  }

  test.each([
    ['UNTIL_ERROR', 'memory', memoryStore],
    ['ISOLATED', 'memory', memoryStore],
    ['UNTIL_ERROR', 'SQLite', () => sqliteStore(':memory:')],
    ['ISOLATED', 'SQLite', () => sqliteStore(':memory:')],
  ] as const)(
    'case 4 · I9 · I10 · B9 · at any write, in mode %s on %s: the run completes, and no stored step is called again',
    async (executionMode, _, store) => {
      const told: string[] = [];
      await killAtEveryWrite({
        workers: [OrderWorker],
        options: { executionMode },
        store,
        reset: () => {
          ran.clear();
          told.length = 0;
        },
        prepare: (app) => void app.on('step.completed', (event) => told.push(event.step)),
        begin: (app) => app.publish(Start, { n: 0 }, { id: 'one' }),
        drive: (app) => app.advance('2 hours'),
        verify: async (app, where) => {
          const handle = (await app.publish(Start, { n: 0 }, { id: 'one' })).of(OrderWorker);
          const [receipt, parcel] = await handle.result();
          expect([where, parcel]).toEqual([where, `parcel for ${receipt}`]);
          expect([where, (await handle.steps()).map((each) => each.path)]).toEqual([
            where,
            ['fulfil/charge/authorize', 'fulfil/charge', 'fulfil/sleep', 'fulfil/ship', 'fulfil/notify'],
          ]);
          expect([where, new Set(told).size]).toEqual([where, told.length]);
        },
      });
    },
  );
});

describe('a step that is tried again while a sibling keeps the pass alive', () => {
  @Worker({ id: 'parcels', inject: [CLOCK] })
  class ParcelWorker {
    constructor(private readonly clock: Clock) {}

    @OnEvent(Start)
    async ship({ n }: { n: number }): Promise<string> {
      const [label] = await Promise.all([this.label(n), this.slow()]);
      return label;
    }

    @Step()
    @Retry({ maxAttempts: 3, backoff: fixed('1s'), jitter: 0 })
    async label(n: number): Promise<string> {
      const address = await this.address(n);
      if (count('label') < 3) throw new Error('printer jammed');
      return `label for ${address}`;
    }

    @Step()
    async address(n: number): Promise<string> {
      count('address');
      return `address of ${n}`;
    }

    @Step()
    async slow(): Promise<void> {
      count('slow');
      await new Promise<void>((resolve) => void this.clock.setTimer(60_000, resolve));
    }
  }

  test('does not run its nested steps again', async () => {
    const app = await openApp([ParcelWorker]);
    const handle = (await app.publish(Start, { n: 1 })).of(ParcelWorker, 'ship');
    await app.advance('10s');
    expect(Object.fromEntries(ran)).toEqual({ address: 1, label: 3, slow: 1 });
    expect(await handle.status()).toBe('running');
    await app.advance('1 minute');
    expect(await handle.result()).toBe('label for address of 1');
    expect(Object.fromEntries(ran)).toEqual({ address: 1, label: 3, slow: 1 });
  });
});
