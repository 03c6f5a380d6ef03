import {
  CallDepthExceededError,
  CLOCK,
  type Clock,
  DeclaredStepCalledError,
  defineEvent,
  execution,
  fixed,
  type NonRetryableError,
  OnEvent,
  Retry,
  sleep,
  Step,
  step,
  Timeout,
  TimeoutError,
  Worker,
  WORKER_APP,
  type WorkerApp,
} from 'holdfast';
import { z } from 'zod';
import { openApp } from './support/open-apps.js';

const Start = defineEvent('graph.start', z.object({ n: z.number() }));
const Told = defineEvent('graph.told', z.object({ n: z.number() }));

const ran: string[] = [];
beforeEach(() => {
  ran.length = 0;
});

@Worker('inside')
class Inside {
  @OnEvent(Start)
  async begin({ n }: { n: number }): Promise<number> {
    return (await this.inner(n)) + (await step('inline', () => 1));
  }

  @Step() async inner(n: number): Promise<number> {
    ran.push(`inner ${n}`);
    return n * 10;
  }

  @Step({ after: 'begin' })
  async gather(n: number): Promise<number[]> {
    const all = await Promise.all([this.inner(n + 1), this.inner(n + 2), step('own', async () => n)]);
    await sleep('1 hour');
    return all;
  }

  @Step({ after: 'gather' })
  sum(all: number[]): number {
    return all.reduce((sum, each) => sum + each, 0);
  }
}

describe('inside a declared step', () => {
  test('inline steps, nested paths and sleeps work as in a handler, and none of them runs twice', async () => {
    const app = await openApp([Inside]);
    const handle = (await app.publish(Start, { n: 1 })).of(Inside);
    await app.settle();
    expect(await handle.status()).toBe('waiting');
    await app.crash();
    await app.advance('30 minutes');
    await app.restart();
    await app.advance('30 minutes');
    expect(await handle.result()).toBe(11);
    expect(ran).toEqual(['inner 1', 'inner 12', 'inner 13']);
    expect((await handle.steps()).map(({ path, value }) => [path, value])).toEqual([
      ['begin/inner', 10],
      ['begin/inline', 1],
      ['begin/gather/inner', 120],
      ['begin/gather/inner', 130],
      ['begin/gather/own', 11],
      ['begin/gather/sleep', undefined],
      ['begin/gather', [120, 130, 11]],
      ['begin/sum', 261],
    ]);
  });

  test('another declared step cannot be called: the error says what to write', async () => {
    @Worker('callers')
    class Calling {
      @OnEvent(Start)
      begin({ n }: { n: number }): number {
        return n;
      }

      @Step({ after: 'begin' })
      first(n: number): number {
        return n;
      }

      @Step({ after: 'begin' })
      async second(n: number): Promise<number> {
        return this.first(n);
      }
    }
    const app = await openApp([Calling]);
    const handle = (await app.publish(Start, { n: 1 })).of(Calling);
    await app.advance('1 minute');
    const error: unknown = await handle.result().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DeclaredStepCalledError);
    expect((error as DeclaredStepCalledError).message).toBe(
      'callers.first is declared with `after` or @Compensate: it runs by itself, and code cannot call it. ' +
        'Write a plain @Step() method for what code calls',
    );
  });

  test('a publish is stored with the step that made it, once, whatever crashes', async () => {
    const told: number[] = [];
    @Worker({ id: 'tellers', inject: [WORKER_APP] })
    class Teller {
      constructor(private readonly app: WorkerApp) {}

      @OnEvent(Start)
      begin({ n }: { n: number }): number {
        return n;
      }

      @Step({ after: 'begin' })
      @Retry({ backoff: fixed('1 minute') })
      async tell(n: number): Promise<void> {
        await this.app.publish(Told, { n });
        if (execution().attempt === 1) throw new Error('after the publish');
      }

      @OnEvent(Told)
      hear({ n }: { n: number }): void {
        told.push(n);
      }
    }
    const app = await openApp([Teller]);
    const handle = (await app.publish(Start, { n: 7 })).of(Teller, 'begin');
    await app.settle();
    await app.crash();
    await app.restart();
    await app.advance('1 minute');
    await handle.result();
    await app.settle();
    expect(told).toEqual([7]);
  });

  test('steps may be nested to maxCallDepth and no deeper, with an error that names the path', async () => {
    @Worker('deep')
    class Deep {
      @OnEvent(Start)
      begin({ n }: { n: number }): number {
        return n;
      }

      @Step({ after: 'begin' })
      async down(n: number): Promise<number> {
        return this.deeper(n - 1);
      }

      @Step() async deeper(n: number): Promise<number> {
        return n <= 0 ? 0 : 1 + (await this.deeper(n - 1));
      }
    }
    const app = await openApp([Deep]);
    const deepest = (await app.publish(Start, { n: 14 })).of(Deep);
    await deepest.result();
    const deeper = (await app.publish(Start, { n: 15 })).of(Deep);
    await app.advance('1 hour');
    const error: unknown = await deeper.result().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(CallDepthExceededError);
    expect(String((error as NonRetryableError).message)).toContain('15');
  });
});

describe('case 10 · a timeout', () => {
  const aborted: unknown[] = [];
  beforeEach(() => {
    aborted.length = 0;
  });

  @Worker({ id: 'slow', inject: [CLOCK] })
  class Slow {
    constructor(private readonly clock: Clock) {}

    @OnEvent(Start)
    begin({ n }: { n: number }): number {
      return n;
    }

    @Step({ after: 'begin' })
    @Timeout('10s')
    @Retry({ maxAttempts: 2, backoff: fixed('5s') })
    async work(n: number): Promise<string> {
      const { signal, attempt } = execution();
      ran.push(`attempt ${attempt} at ${this.clock.now() % 100_000}`);
      signal.addEventListener('abort', () => aborted.push([this.clock.now() % 100_000, signal.reason]));
      await new Promise<void>((resolve) => void this.clock.setTimer(n, resolve));
      return 'done';
    }

    @Step({ after: 'work' })
    async rest(): Promise<void> {
      await sleep('1 hour');
    }
  }

  test('of a declared step is exact, aborts its signal, and its late result is ignored', async () => {
    const app = await openApp([Slow], { now: 0 });
    const just = (await app.publish(Start, { n: 9_999 })).of(Slow);
    await app.advance('2 hours');
    await just.result();
    expect([ran, aborted]).toEqual([['attempt 1 at 0'], []]);
    ran.length = 0;
    const late = (await app.publish(Start, { n: 10_001 })).of(Slow);
    const start = app.clock.now() % 100_000;
    await app.advance('1 minute');
    await expect(late.result()).rejects.toBeInstanceOf(TimeoutError);
    expect(ran).toEqual([`attempt 1 at ${start}`, `attempt 2 at ${start + 15_000}`]);
    expect(aborted.map((each) => (each as [number])[0])).toEqual([start + 10_000, start + 25_000]);
    expect((await late.steps()).map(({ path, status }) => [path, status])).toEqual([
      ['begin/work', 'failed'],
    ]);
  });

  test('of the handler bounds its whole graph, waits included', async () => {
    @Worker('bounded')
    class Bounded {
      @OnEvent(Start)
      @Timeout('2 hours')
      begin({ n }: { n: number }): number {
        return n;
      }

      @Step({ after: 'begin' })
      async rest(n: number): Promise<void> {
        await sleep(n * 60_000);
      }

      @Step({ after: 'rest' })
      async end(): Promise<void> {
        await sleep('1 hour');
      }
    }
    const app = await openApp([Bounded]);
    const fits = (await app.publish(Start, { n: 59 })).of(Bounded);
    const misses = (await app.publish(Start, { n: 61 })).of(Bounded);
    await app.advance('119 minutes');
    expect([await fits.status(), await misses.status()]).toEqual(['completed', 'waiting']);
    await app.advance('1 minute');
    await expect(misses.result()).rejects.toBeInstanceOf(TimeoutError);
  });
});

describe('case 9 · retries of a declared step', () => {
  test('come at their times, hold no slot, and the caller sees the last error', async () => {
    @Worker('flaky')
    class Flaky {
      @OnEvent(Start)
      begin({ n }: { n: number }): number {
        return n;
      }

      @Step({ after: 'begin' })
      @Retry({ maxAttempts: 3, backoff: fixed('10s'), onRetry: 'noteRetry', onExhausted: 'noteEnd' })
      call(n: number): number {
        throw new Error(`${n}, attempt ${execution().attempt}`);
      }

      @Step({ after: 'begin' })
      other(n: number): number {
        return n;
      }

      noteRetry(error: Error): void {
        ran.push(`retry after ${error.message}`);
      }

      noteEnd(error: Error): void {
        ran.push(`end with ${error.message}`);
      }
    }
    const app = await openApp([Flaky], { concurrency: 1 });
    const start = app.clock.now();
    const one = (await app.publish(Start, { n: 1 })).of(Flaky);
    const two = (await app.publish(Start, { n: 2 })).of(Flaky);
    await app.settle();
    expect([await one.status(), await two.status()]).toEqual(['waiting', 'waiting']);
    await app.advance('20s');
    await expect(one.result()).rejects.toThrow('1, attempt 3');
    await expect(two.result()).rejects.toThrow('2, attempt 3');
    expect(
      app
        .fired()
        .filter(({ execution: id, step }) => id === one.id && step === 'begin/call')
        .map(({ at }) => at - start),
    ).toEqual([0, 10_000, 20_000]);
    expect(ran.filter((line) => line.includes('1, '))).toEqual([
      'retry after 1, attempt 1',
      'retry after 1, attempt 2',
      'end with 1, attempt 3',
    ]);
    expect((await one.steps()).map(({ path, status }) => `${path} ${status}`).sort()).toEqual([
      'begin/call failed',
      'begin/other completed',
    ]);
  });
});

describe('a test of declared steps', () => {
  test('gives some, stops before others, and puts others in their place', async () => {
    const app = await openApp([Inside]);
    const given = await app.run(Inside, 'begin', { n: 1 }, { given: { gather: [1, 2] } });
    expect([given.status, given.value, given.steps.at(-1)?.value, given.unused]).toEqual([
      'completed',
      11,
      3,
      [],
    ]);
    const stopped = await app.run(Inside, 'begin', { n: 1 }, { until: 'sum', given: { gather: [1, 2] } });
    expect([stopped.status, stopped.steps.map(({ path }) => path)]).toEqual([
      'stopped',
      ['begin/inner', 'begin/inline', 'begin/gather'],
    ]);
    app.override(Inside, 'gather', async (n) => [n, n]);
    const replaced = (await app.publish(Start, { n: 2 })).of(Inside);
    await replaced.result();
    expect((await replaced.steps()).at(-1)?.value).toBe(42);
  });
});
