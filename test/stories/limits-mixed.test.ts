import {
  CLOCK,
  type Clock,
  Compensate,
  Concurrency,
  defineEvent,
  execution,
  fixed,
  NonRetryableError,
  OnEvent,
  race,
  RateLimit,
  Retry,
  sleep,
  Step,
  Timeout,
  Worker,
} from 'holdfast';
import { z } from 'zod';
import { openApp } from './support/open-apps.js';

const Asked = defineEvent('limit.asked', z.object({ n: z.number() }));
type Asked = { n: number };

const began: { what: string; at: number }[] = [];
beforeEach(() => {
  began.length = 0;
});

async function occupy(clock: Clock, what: string, ms = 1_000): Promise<string> {
  began.push({ what, at: clock.now() });
  await new Promise<void>((resolve) => void clock.setTimer(ms, resolve));
  return what;
}

const asked = (count: number): Asked[] => Array.from({ length: count }, (_, n) => ({ n }));
const mostAtOnce = (ms: number): number =>
  Math.max(...began.map(({ at }) => began.filter((other) => other.at > at - ms && other.at <= at).length));

describe.each(['UNTIL_ERROR', 'ISOLATED'] as const)('%s: a permit of a step', (executionMode) => {
  @Worker({ id: 'mixed', inject: [CLOCK] })
  class Mixed {
    constructor(readonly clock: Clock) {}

    @OnEvent(Asked)
    take({ n }: Asked): number {
      return n;
    }

    @Step({ after: 'take' })
    @Concurrency(1)
    @RateLimit({ limit: 1, per: '2s' })
    @Retry({ maxAttempts: 2, backoff: fixed('10s') })
    async both(n: number): Promise<string> {
      if (n === 1 && execution().attempt === 1) {
        began.push({ what: 'fails', at: this.clock.now() });
        throw new Error('again');
      }
      return occupy(this.clock, `both ${n}`);
    }
  }

  test('with a rate beside it: each attempt within both, and all end', async () => {
    const app = await openApp([Mixed], { executionMode });
    const handles = [];
    for (const one of asked(5)) handles.push((await app.publish(Asked, one)).of(Mixed));
    await app.advance('2 minutes');
    expect(await Promise.all(handles.map((handle) => handle.status()))).toEqual(
      handles.map(() => 'completed'),
    );
    expect(began).toHaveLength(6);
    expect(mostAtOnce(1_000)).toBe(1);
  });

  test('whose body timed out goes to the next, but the body occupies its process until it ends', async () => {
    @Worker({ id: 'deaf', inject: [CLOCK] })
    class Deaf {
      constructor(readonly clock: Clock) {}

      @OnEvent(Asked)
      take({ n }: Asked): number {
        return n;
      }

      @Step({ after: 'take' })
      @Concurrency(1)
      @Timeout('1s')
      @Retry({ maxAttempts: 1 })
      work(n: number): Promise<string> {
        return occupy(this.clock, `work ${n}`, 10_000);
      }
    }
    const app = await openApp([Deaf], { executionMode, concurrency: 1 });
    const handles = [];
    for (const one of asked(3)) handles.push((await app.publish(Asked, one)).of(Deaf));
    const start = app.clock.now();
    await app.advance('2 minutes');
    expect(await Promise.all(handles.map((handle) => handle.status()))).toEqual([
      'failed',
      'failed',
      'failed',
    ]);
    expect(began.map(({ at }) => at - start)).toEqual([0, 10_000, 20_000]);
  });

  test('of a cancelled execution goes to the next', async () => {
    const app = await openApp([Mixed], { executionMode });
    const handles = [];
    for (const one of asked(3)) handles.push((await app.publish(Asked, { n: one.n + 5 })).of(Mixed));
    await app.settle();
    await handles[0]?.cancel();
    await handles[1]?.cancel();
    await app.advance('1 minute');
    expect(await Promise.all(handles.map((handle) => handle.status()))).toEqual([
      'cancelled',
      'cancelled',
      'completed',
    ]);
  });

  test('is kept while the step sleeps: one ends before the next begins', async () => {
    @Worker({ id: 'sleepy', inject: [CLOCK] })
    class Sleepy {
      constructor(readonly clock: Clock) {}

      @OnEvent(Asked)
      take({ n }: Asked): number {
        return n;
      }

      @Step({ after: 'take' })
      @Concurrency(1)
      async work(n: number): Promise<void> {
        await this.inner(n);
        await sleep('1 minute');
      }

      @Step()
      inner(n: number): Promise<string> {
        return occupy(this.clock, `inner ${n}`, 1);
      }
    }
    const app = await openApp([Sleepy], { executionMode });
    const handles = [];
    for (const one of asked(3)) handles.push((await app.publish(Asked, one)).of(Sleepy));
    await app.advance('10 minutes');
    expect(await Promise.all(handles.map((handle) => handle.status()))).toEqual(
      handles.map(() => 'completed'),
    );
    expect(began.map(({ what }) => what).sort()).toEqual(['inner 0', 'inner 1', 'inner 2']);
    expect(mostAtOnce(1_000)).toBe(1);
  });

  test.each([
    ['it kept while it slept', 'race', '10 minutes', 10],
    ['it kept while it slept', 'timeout', '10 minutes', 12],
    ['it queued for', 'race', '10 minutes', 60],
    ['it queued for', 'timeout', '10 minutes', 60],
    ['it was given while all rested', 'race', '61 minutes', 61],
  ] as const)(
    'that %s is given back when a later pass gives up the call around it (%s) before it comes to the step',
    async (what, how, later, minutes) => {
      let rounds = 0;

      @Worker({ id: 'given-up', inject: [CLOCK] })
      class GivenUp {
        constructor(readonly clock: Clock) {}

        @OnEvent(Asked)
        async take({ n }: Asked): Promise<void> {
          if (n !== 0) return this.sleepy(n);
          if (how === 'timeout') await Promise.allSettled([this.around(n), this.later()]);
          else await race({ lost: () => this.around(n), won: () => sleep(later) });
          await this.long();
        }

        @Step()
        @Timeout('2 minutes')
        @Retry({ maxAttempts: 1 })
        async around(n: number): Promise<void> {
          await occupy(this.clock, 'around', rounds++ === 0 ? 1_000 : 3_600_000);
          await this.sleepy(n);
        }

        @Step()
        @Concurrency(1)
        async sleepy(n: number): Promise<void> {
          began.push({ what: `sleepy ${n}`, at: this.clock.now() });
          if (n !== 1) await sleep('1 hour');
        }

        private async later(): Promise<void> {
          await sleep(later);
          await this.long();
        }

        @Step()
        @Timeout('1 day')
        async long(): Promise<void> {
          await occupy(this.clock, 'long', 36_000_000);
        }
      }
      const app = await openApp([GivenUp], { executionMode });
      const start = app.clock.now();
      if (what !== 'it kept while it slept') await app.publish(Asked, { n: 2 });
      await app.settle();
      await app.publish(Asked, { n: 0 });
      await app.advance('10s');
      await app.publish(Asked, { n: 1 });
      await app.advance('2 hours');
      const last = began.find((each) => each.what === 'sleepy 1');
      expect(Math.floor(((last?.at ?? 0) - start) / 60_000)).toBe(minutes);
    },
  );

  test('holds for what undoes a step, too', async () => {
    @Worker({ id: 'undoing', inject: [CLOCK] })
    class Undoing {
      constructor(readonly clock: Clock) {}

      @OnEvent(Asked)
      take({ n }: Asked): number {
        return n;
      }

      @Step({ after: 'take' })
      charge(n: number): number {
        return n;
      }

      @Compensate('charge')
      @Concurrency(1)
      refund(n: number): Promise<string> {
        return occupy(this.clock, `refund ${n}`);
      }

      @Step({ after: 'charge' })
      fail(): void {
        throw new NonRetryableError('no');
      }
    }
    const app = await openApp([Undoing], { executionMode });
    const handles = [];
    for (const one of asked(4)) handles.push((await app.publish(Asked, one)).of(Undoing));
    await app.advance('2 minutes');
    expect(await Promise.all(handles.map((handle) => handle.status()))).toEqual(handles.map(() => 'failed'));
    expect([began.length, mostAtOnce(1_000)]).toEqual([4, 1]);
  });
});

describe('the gate of a handler', () => {
  test('lets an execution that was retried by hand in again, after those before it', async () => {
    @Worker({ id: 'gated', inject: [CLOCK] })
    class Gated {
      constructor(readonly clock: Clock) {}

      @OnEvent(Asked)
      @Concurrency(1)
      async take({ n }: Asked): Promise<string> {
        return this.work(n);
      }

      @Step()
      @Retry({ maxAttempts: 2, backoff: fixed('5s') })
      async work(n: number): Promise<string> {
        await occupy(this.clock, `work ${n}`);
        if (n === 0 && began.length < 6) throw new Error('not yet');
        return `done ${n}`;
      }
    }
    const app = await openApp([Gated]);
    const handles = [];
    for (const one of asked(4)) handles.push((await app.publish(Asked, one)).of(Gated));
    await app.advance('1 minute');
    expect(await Promise.all(handles.map((handle) => handle.status()))).toEqual([
      'failed',
      'completed',
      'completed',
      'completed',
    ]);
    await handles[0]?.retry();
    await app.advance('1 minute');
    expect(await handles[0]?.result()).toBe('done 0');
    expect(mostAtOnce(1_000)).toBe(1);
  });
});
