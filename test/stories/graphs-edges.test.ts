import {
  CancelledError,
  CLOCK,
  type Clock,
  Compensate,
  defineEvent,
  execution,
  fixed,
  NonRetryableError,
  OnEvent,
  Retry,
  sleep,
  Step,
  StepInterruptedError,
  Timeout,
  TimeoutError,
  Worker,
} from 'holdfast';
import { z } from 'zod';
import { openApp } from './support/open-apps.js';

const Start = defineEvent('graph.start', z.object({ n: z.number() }));

const ran: string[] = [];
beforeEach(() => {
  ran.length = 0;
});

describe('a process that stops in the middle of a graph', () => {
  test('hands it back, and goes on with it when it starts again', async () => {
    @Worker('stops')
    class Stops {
      @OnEvent(Start)
      begin(): number {
        ran.push('begin');
        return 1;
      }

      @Step({ after: 'begin' })
      first(): void {
        ran.push('first');
      }

      @Step({ after: 'first' })
      async second(): Promise<void> {
        ran.push('second');
        await sleep('1 hour');
      }

      @Step({ after: 'second' })
      third(): void {
        ran.push('third');
      }
    }
    const app = await openApp([Stops]);
    const handle = (await app.publish(Start, { n: 1 })).of(Stops);
    await app.settle();
    await app.stop();
    await app.advance('2 hours');
    expect(ran).toEqual(['begin', 'first', 'second']);
    await app.start();
    await app.settle();
    expect(await handle.result()).toBe(1);
    expect(ran).toEqual(['begin', 'first', 'second', 'second', 'third']);
  });
});

describe('an at-most-once declared step', () => {
  test('that a crash interrupted fails the graph instead of running again; retry() is the person’s decision', async () => {
    @Worker('once')
    class Once {
      @OnEvent(Start)
      begin(): number {
        return 1;
      }

      @Step({ after: 'begin', atMostOnce: true })
      async wire(): Promise<string> {
        ran.push('wire');
        if (ran.length === 1) await new Promise(() => {});
        return 'wired';
      }
    }
    const app = await openApp([Once]);
    const handle = (await app.publish(Start, { n: 1 })).of(Once);
    await app.settle();
    await app.crash();
    await app.restart();
    await app.advance('1 minute');
    await expect(app.execution(handle.id).result()).rejects.toBeInstanceOf(StepInterruptedError);
    expect(ran).toEqual(['wire']);
    await app.execution(handle.id).retry();
    await app.settle();
    expect([await app.execution(handle.id).status(), ran]).toEqual(['completed', ['wire', 'wire']]);
  });
});

describe('retry({ from })', () => {
  @Worker('from')
  class From {
    @OnEvent(Start)
    async begin(): Promise<number[]> {
      ran.push('begin');
      await this.inline();
      return [1, 2];
    }

    @Step() async inline(): Promise<void> {
      ran.push('inline');
    }

    @Step({ after: 'begin', each: (list: number[]) => list })
    item(n: number): number {
      ran.push(`item ${n}`);
      return n;
    }

    @Step({ after: 'item' })
    sum(all: number[]): number {
      ran.push('sum');
      return all.length;
    }
  }

  test('a fan-out runs all its items again; a step of the handler, the handler and the whole graph', async () => {
    const app = await openApp([From]);
    const handle = (await app.publish(Start, { n: 1 })).of(From);
    await handle.result();
    const all = ['begin', 'inline', 'item 1', 'item 2', 'sum'];
    expect(ran).toEqual(all);
    ran.length = 0;
    await handle.retry({ from: 'item' });
    await app.settle();
    expect(ran).toEqual(['item 1', 'item 2', 'sum']);
    ran.length = 0;
    await handle.retry({ from: 'inline' });
    await app.settle();
    expect(ran).toEqual(all);
    expect(await handle.status()).toBe('completed');
  });
});

describe('an end from outside', () => {
  @Worker({ id: 'outside', inject: [CLOCK] })
  class Outside {
    constructor(private readonly clock: Clock) {}

    @OnEvent(Start)
    @Timeout('1 minute')
    begin({ n }: { n: number }): number[] {
      return Array.from({ length: n }, (_, at) => at);
    }

    @Step({ after: 'begin', each: { of: (list: number[]) => list, concurrency: 2 } })
    async item(n: number): Promise<number> {
      ran.push(`item ${n}`);
      await new Promise<void>((resolve) => void this.clock.setTimer(10_000, resolve));
      return n;
    }

    @Compensate('item')
    undo(n: number): void {
      ran.push(`undo ${n}`);
    }

    @Step({ after: 'item' })
    sum(): void {
      ran.push('sum');
    }
  }

  test('a cancel in the middle of a fan-out begins no further item, and undoes those that ended', async () => {
    const app = await openApp([Outside]);
    const handle = (await app.publish(Start, { n: 10 })).of(Outside);
    await app.advance('15s');
    await handle.cancel();
    await app.advance('20s');
    await expect(handle.result()).rejects.toBeInstanceOf(CancelledError);
    expect(ran.slice(0, 4)).toEqual(['item 0', 'item 1', 'item 2', 'item 3']);
    expect(ran.slice(4)).toEqual(['undo 3', 'undo 2', 'undo 1', 'undo 0']);
  });

  test('the handler’s timeout does the same, and the execution fails with it', async () => {
    const app = await openApp([Outside]);
    const handle = (await app.publish(Start, { n: 100 })).of(Outside);
    await app.advance('2 minutes');
    await expect(handle.result()).rejects.toBeInstanceOf(TimeoutError);
    const undone = ran.filter((line) => line.startsWith('undo'));
    expect(undone.length).toBe(ran.length - undone.length);
    expect(ran).not.toContain('sum');
  });
});

describe('branches that wait', () => {
  @Worker({ id: 'waits', inject: [CLOCK] })
  class Waits {
    constructor(private readonly clock: Clock) {}

    @OnEvent(Start)
    begin(): number[] {
      return [1, 2, 3];
    }

    @Step({ after: 'begin' })
    @Retry({ backoff: fixed('1 hour') })
    waits(): void {
      if (execution().attempt === 1) throw new Error('later');
    }

    @Step({ after: 'begin', each: (list: number[]) => list })
    @Retry({ backoff: fixed('1 hour') })
    async item(n: number): Promise<void> {
      if (n === 1 && execution().attempt === 1) throw new Error('later');
      await new Promise<void>((resolve) => void this.clock.setTimer(n * 1_000, resolve));
    }

    @Step({ after: ['waits', 'item'] })
    end(): void {
      ran.push('end');
    }
  }

  test('hold no slot once the last of the others has ended', async () => {
    const app = await openApp([Waits], { concurrency: 1 });
    const first = (await app.publish(Start, { n: 1 })).of(Waits);
    await app.advance('5s');
    expect(await first.status()).toBe('waiting');
    await app.crash();
    await app.restart();
    await app.advance('2 hours');
    expect([await app.execution(first.id).status(), ran]).toEqual(['completed', ['end']]);
  });
});

describe('a branch that parks', () => {
  test('parks the execution; resume() goes on there, and what completed beside it stays', async () => {
    let broken = true;
    @Worker('parks')
    class Parks {
      @OnEvent(Start)
      begin(): number {
        return 1;
      }

      @Step({ after: 'begin' })
      good(): string {
        ran.push('good');
        return 'good';
      }

      @Step({ after: 'begin' })
      @Retry({ maxAttempts: 1, onExhausted: 'park' })
      bad(): string {
        ran.push('bad');
        if (broken) throw new Error('no');
        return 'mended';
      }

      @Step({ after: ['good', 'bad'] })
      end(good: string, bad: string): string {
        return `${good} ${bad}`;
      }
    }
    const app = await openApp([Parks]);
    const handle = (await app.publish(Start, { n: 1 })).of(Parks);
    await app.settle();
    expect(await handle.status()).toBe('parked');
    broken = false;
    await handle.resume();
    await app.settle();
    expect(await handle.result()).toBe(1);
    expect((await handle.steps()).at(-1)?.value).toBe('good mended');
    expect(ran.filter((line) => line === 'good').length).toBeLessThanOrEqual(2);
  });
});

test('a predicate of when that throws fails its branch, beside others that finish', async () => {
  @Worker('throwing')
  class Throwing {
    @OnEvent(Start)
    begin({ n }: { n: number }): number {
      return n;
    }

    @Step({
      after: 'begin',
      when: (n: number) => {
        if (n === 1) throw new NonRetryableError('no idea');
        return true;
      },
    })
    maybe(): void {
      ran.push('maybe');
    }

    @Step({ after: 'begin' })
    always(): void {
      ran.push('always');
    }
  }
  const app = await openApp([Throwing]);
  const handle = (await app.publish(Start, { n: 1 })).of(Throwing);
  await expect(handle.result()).rejects.toThrow('no idea');
  expect(ran).toEqual(['always']);
  expect((await handle.steps()).map(({ path, status }) => [path, status])).toEqual([
    ['begin/always', 'completed'],
  ]);
});
