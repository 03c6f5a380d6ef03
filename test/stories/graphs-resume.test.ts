import {
  defineEvent,
  execution,
  fixed,
  memoryStore,
  NonRetryableError,
  OnEvent,
  Retry,
  sleep,
  sqliteStore,
  Step,
  type Store,
  Worker,
} from 'holdfast';
import { z } from 'zod';
import { killAtEveryWrite } from './support/crash-points.js';
import { openApp } from './support/open-apps.js';

const Start = defineEvent('graph.start', z.object({ n: z.number() }));

/** Effects by idempotency key: two bodies under one key are one effect. */
const effects = new Map<string, string>();
const ran: string[] = [];
beforeEach(() => {
  effects.clear();
  ran.length = 0;
});

function effect(what: string): string {
  effects.set(execution().idempotencyKey, what);
  ran.push(what);
  return what;
}

@Worker('whole')
class Whole {
  @OnEvent(Start)
  async begin({ n }: { n: number }): Promise<number> {
    await this.prepare(n);
    return n;
  }

  @Step() async prepare(n: number): Promise<string> {
    return effect(`prepare ${n}`);
  }

  @Step({ after: 'begin', each: { of: (n: number) => [n, n + 1, n + 2], concurrency: 2 } })
  item(n: number): string {
    return effect(`item ${n}`);
  }

  @Step({ after: 'begin', when: (n: number) => n > 100 })
  big(): string {
    return effect('big');
  }

  @Step({ after: 'begin', when: 'otherwise' })
  @Retry({ backoff: fixed('10s') })
  small(n: number): string {
    if (execution().attempt === 1) throw new Error('again');
    return effect(`small ${n}`);
  }

  @Step({ after: ['big', 'small'], join: 'any' })
  async sized(what: string): Promise<string> {
    await sleep('1 minute');
    return effect(`sized ${what}`);
  }

  @Step({ after: ['item', 'sized'] })
  tail(items: string[], sized: string): string {
    return effect(`${items.join()}; ${sized}`);
  }
}

const everything = [
  'item 1',
  'item 1,item 2,item 3; sized small 1',
  'item 2',
  'item 3',
  'prepare 1',
  'sized small 1',
  'small 1',
];

const stores: readonly (readonly [string, () => Store])[] = [
  ['memory', () => memoryStore()],
  ['SQLite', () => sqliteStore(':memory:')],
];

describe.each(stores)('a graph on the %s store', (name, store) => {
  test.each(['UNTIL_ERROR', 'ISOLATED'] as const)(
    'case 4 · %s: killed before and after each write it completes, with each effect once',
    async (executionMode) => {
      const writes = await killAtEveryWrite({
        workers: [Whole],
        store,
        options: { executionMode },
        begin: (app) => app.publish(Start, { n: 1 }, { id: 'the event' }),
        drive: (app) => app.advance('10 minutes'),
        reset: () => effects.clear(),
        verify: async (app, where) => {
          const [execution] = await app.executions.list({});
          expect([where, execution?.status]).toEqual([where, 'completed']);
          expect([where, [...effects.values()].sort()]).toEqual([where, everything]);
        },
      });
      expect(writes).toBeGreaterThan(name === 'memory' ? 6 : 5);
    },
    60_000,
  );
});

describe('retry()', () => {
  @Worker('repairable')
  class Repairable {
    @OnEvent(Start)
    begin({ n }: { n: number }): number {
      ran.push('begin');
      return n;
    }

    @Step({ after: 'begin' })
    left(n: number): string {
      return effect(`left ${n}`);
    }

    @Step({ after: 'begin' })
    right(n: number): string {
      return effect(`right ${n}`);
    }

    @Step({ after: 'left' })
    further(left: string): string {
      return effect(`further than ${left}`);
    }

    @Step({ after: ['further', 'right'] })
    join(further: string, right: string): string {
      return effect(`${further} and ${right}`);
    }
  }

  test('of what failed runs that and what comes after it; the handler and what completed stay', async () => {
    const app = await openApp([Repairable]);
    const mend = app.override(Repairable, 'right', () => {
      ran.push('right failed');
      throw new NonRetryableError('down');
    });
    const handle = (await app.publish(Start, { n: 1 })).of(Repairable);
    await expect(handle.result()).rejects.toThrow('down');
    expect(ran.toSorted()).toEqual(['begin', 'further than left 1', 'left 1', 'right failed']);
    ran.length = 0;
    mend();
    await handle.retry();
    await app.settle();
    expect(await handle.result()).toBe(1);
    expect(ran).toEqual(['right 1', 'further than left 1 and right 1']);
  });

  test('from a declared step forgets it and what the graph has after it, not what ran beside it', async () => {
    const app = await openApp([Repairable]);
    const handle = (await app.publish(Start, { n: 1 })).of(Repairable);
    await handle.result();
    ran.length = 0;
    await handle.retry({ from: 'left' });
    await app.settle();
    expect(await handle.status()).toBe('completed');
    expect(ran).toEqual(['left 1', 'further than left 1', 'further than left 1 and right 1']);
  });

  test('from what was never recorded is refused: the error names the steps that were recorded', async () => {
    const app = await openApp([Repairable]);
    const handle = (await app.publish(Start, { n: 1 })).of(Repairable);
    await handle.result();
    await expect(handle.retry({ from: 'nowhere' })).rejects.toThrow(/Recorded steps are: begin\/left/);
  });

  test('from a step under another value takes another route', async () => {
    let total = 5;
    @Worker('rerouted')
    class Rerouted {
      @OnEvent(Start)
      begin(): number {
        return 0;
      }

      @Step({ after: 'begin' })
      look(): number {
        return total;
      }

      @Step({ after: 'look', when: (found: number) => found > 10 })
      many(): string {
        return effect('many');
      }

      @Step({ after: 'look', when: 'otherwise' })
      few(): string {
        return effect('few');
      }
    }
    const app = await openApp([Rerouted]);
    const handle = (await app.publish(Start, { n: 1 })).of(Rerouted);
    await handle.result();
    total = 50;
    await handle.retry({ from: 'look' });
    await app.settle();
    expect(ran).toEqual(['few', 'many']);
    expect((await handle.steps()).map(({ path, status }) => `${path} ${status}`).toSorted()).toEqual([
      'begin/few skipped',
      'begin/look completed',
      'begin/many completed',
    ]);
  });
});

describe('the numbered cases', () => {
  test.each([2, 3, 10, 50])(
    'case 2 · %d steps in parallel and a tail: the tail once, with all',
    async (k) => {
      @Worker('all')
      class All {
        @OnEvent(Start)
        begin({ n }: { n: number }): number {
          return n;
        }

        @Step({
          after: 'begin',
          each: { of: (n: number) => Array.from({ length: n }, (_, at) => at), concurrency: 50 },
        })
        async part(n: number): Promise<number> {
          for (let turn = 0; turn < (n * 7) % 5; turn++)
            await new Promise<void>((resolve) => void setImmediate(resolve));
          return n;
        }

        @Step({ after: 'part' })
        tail(parts: number[]): number {
          effect('tail');
          return parts.length;
        }
      }
      const app = await openApp([All]);
      const handle = (await app.publish(Start, { n: k })).of(All);
      await handle.result();
      expect([(await handle.steps()).at(-1)?.value, ran]).toEqual([k, ['tail']]);
    },
  );

  test('case 3 · graphs of two handlers of one event with steps of equal names are apart', async () => {
    @Worker('first')
    class First {
      @OnEvent(Start)
      begin(): string {
        return 'first';
      }

      @Step({ after: 'begin' })
      save(from: string): string {
        return effect(`saved by ${from}`);
      }
    }
    @Worker('second')
    class Second {
      @OnEvent(Start)
      begin(): string {
        return 'second';
      }

      @Step({ after: 'begin' })
      save(from: string): string {
        throw new NonRetryableError(`${from} cannot`);
      }
    }
    const app = await openApp([First, Second]);
    const published = await app.publish(Start, { n: 1 });
    expect(await published.of(First).result()).toBe('first');
    await expect(published.of(Second).result()).rejects.toThrow('second cannot');
    expect((await published.of(First).steps()).map(({ path, value }) => [path, value])).toEqual([
      ['begin/save', 'saved by first'],
    ]);
    expect(ran).toEqual(['saved by first']);
  });

  class Declined extends Error {
    constructor(readonly reason: string) {
      super(`declined: ${reason}`);
    }
  }

  @Worker('catching')
  class Catching {
    @OnEvent(Start)
    begin({ n }: { n: number }): number {
      return n;
    }

    @Step({ after: 'begin' })
    async pay(n: number): Promise<string> {
      const receipt = await this.charge(n);
      try {
        await this.reserve(n);
      } catch (error) {
        const { reason } = error as Declined;
        return this.refund(receipt, `${(error as Error).constructor.name} ${reason}`);
      }
      return receipt;
    }

    @Step({ after: 'pay' })
    tell(how: string): string {
      return effect(`told ${how}`);
    }

    @Step() async charge(n: number): Promise<string> {
      return effect(`charge ${n}`);
    }

    @Step()
    @Retry({ maxAttempts: 1 })
    async reserve(_n: number): Promise<void> {
      throw new Declined('sold out');
    }

    @Step() refund(receipt: string, why: string): string {
      return effect(`refund of ${receipt}: ${why}`);
    }
  }

  test('case 26 · try and catch inside a declared step undoes once, with the failure’s class and fields, wherever it is killed', async () => {
    const writes = await killAtEveryWrite({
      workers: [Catching],
      options: { types: [Declined] },
      begin: (app) => app.publish(Start, { n: 1 }, { id: 'the event' }),
      drive: (app) => app.advance('1 minute'),
      reset: () => effects.clear(),
      verify: (_, where) => {
        expect([where, [...effects.values()]]).toEqual([
          where,
          ['charge 1', 'refund of charge 1: Declined sold out', 'told refund of charge 1: Declined sold out'],
        ]);
      },
    });
    expect(writes).toBeGreaterThan(4);
  });
});
