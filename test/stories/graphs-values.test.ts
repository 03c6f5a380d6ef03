import { defineEvent, execution, OnEvent, Step, Storable, UnstorableResultError, Worker } from 'holdfast';
import { z } from 'zod';
import { openApp } from './support/open-apps.js';

const Start = defineEvent('graph.start', z.object({ n: z.number() }));

const ran: string[] = [];
beforeEach(() => {
  ran.length = 0;
});

@Storable('graph.money')
class Money {
  constructor(readonly cents: bigint) {}
}

describe('values between declared steps', () => {
  @Worker('values')
  class Values {
    @OnEvent(Start)
    begin(): Map<string, Date | undefined> {
      return new Map([
        ['a', new Date(1)],
        ['b', undefined],
      ]);
    }

    @Step({ after: 'begin', each: (map: Map<string, Date | undefined>) => map.values() })
    item(date: Date | undefined): Money | undefined {
      return date === undefined ? undefined : new Money(BigInt(date.getTime()));
    }

    @Step({ after: 'item' })
    nothing(all: (Money | undefined)[]): void {
      ran.push(all.map((one) => (one instanceof Money ? `money ${one.cents}` : String(one))).join());
    }

    @Step({ after: ['nothing', 'begin'] })
    last(none: void, map: Map<string, Date | undefined>): string {
      return `${String(none)} ${map.get('a')?.getTime()} ${map.has('b')}`;
    }
  }

  test('are what their checkpoints decode to: undefined, dates, maps, registered classes, items too', async () => {
    const app = await openApp([Values]);
    const handle = (await app.publish(Start, { n: 1 })).of(Values);
    await handle.result();
    expect(ran).toEqual(['money 1,undefined']);
    expect((await handle.steps()).at(-1)?.value).toBe('undefined 1 true');
  });

  test('that cannot be stored fail the step for good', async () => {
    @Worker('odd')
    class Odd {
      @OnEvent(Start)
      begin(): number {
        return 1;
      }

      @Step({ after: 'begin' })
      make(): object {
        ran.push('made');
        return { call: () => 1 };
      }
    }
    const app = await openApp([Odd]);
    const handle = (await app.publish(Start, { n: 1 })).of(Odd);
    await expect(handle.result()).rejects.toBeInstanceOf(UnstorableResultError);
    expect(ran).toEqual(['made']);
  });
});

describe('a worker with two handlers', () => {
  @Worker('two')
  class Two {
    @OnEvent(Start)
    one({ n }: { n: number }): string {
      return `one ${n}`;
    }

    @OnEvent(Start)
    two({ n }: { n: number }): string {
      return `two ${n}`;
    }

    @Step({ after: 'one' })
    afterOne(value: string): string {
      return `after ${value}`;
    }

    @Step({ after: 'two' })
    afterTwo(value: string): string {
      return `after ${value}`;
    }
  }

  test('runs for each its own graph, and execute() waits for all of them', async () => {
    const app = await openApp([Two]);
    expect(await app.execute(Start, { n: 1 })).toEqual(['one 1', 'two 1']);
    const executions = await app.executions.list({});
    const paths = await Promise.all(
      executions.map(async ({ id }) =>
        (await app.execution(id).steps()).map(({ path, status }) => [path, status]),
      ),
    );
    expect(paths.flat()).toEqual([
      ['one/afterOne', 'completed'],
      ['two/afterTwo', 'completed'],
    ]);
  });
});

describe('the context of a declared step', () => {
  @Worker('contexts')
  class Contexts {
    @OnEvent(Start)
    begin(): number[] {
      return [1, 1, 2];
    }

    @Step({ after: 'begin', each: (list: number[]) => list })
    item(_n: number): string {
      return execution().idempotencyKey;
    }

    @Step({ after: 'item' })
    async look(keys: string[]): Promise<unknown> {
      const context = execution();
      const { step, handler, attempt, isRetry, depth } = context;
      ran.push(`${step} ${handler} ${attempt} ${isRetry} ${depth} ${typeof context.now()}`);
      return new Set(keys).size;
    }
  }

  test('names it, and each item has an idempotency key of its own, equal items too', async () => {
    const calls: string[] = [];
    const app = await openApp([Contexts], {
      interceptors: [
        async (call, next) => {
          calls.push(`${call.step} ${JSON.stringify(call.args)}`);
          return next();
        },
      ],
    });
    const handle = (await app.publish(Start, { n: 1 })).of(Contexts);
    await handle.result();
    expect((await handle.steps()).at(-1)?.value).toBe(3);
    expect(ran).toEqual(['begin/look begin 1 false 0 number']);
    expect(calls.slice(0, 4)).toEqual([
      'begin [{"n":1}]',
      'begin/item [1]',
      'begin/item [1]',
      'begin/item [2]',
    ]);
    expect(calls).toHaveLength(5);
  });
});
