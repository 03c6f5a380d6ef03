import {
  CancelledError,
  defineEvent,
  execution,
  exponential,
  fixed,
  linear,
  NonRetryableError,
  OnEvent,
  Retry,
  RetryAfterError,
  sleep,
  Step,
  step,
  TimeoutError,
  Timeout,
  Worker,
} from 'holdfast';
import type { TestApp } from 'holdfast/testing';
import { z } from 'zod';
import { openApp } from './support/open-apps.js';

const Start = defineEvent('start', z.object({ n: z.number().optional() }));

class CardDeclined extends Error {}

const told: unknown[] = [];
beforeEach(() => {
  told.length = 0;
});

/** Ms after the start at which attempts of the step began. */
function beginnings(app: TestApp, start: number, step: string): readonly number[] {
  return app
    .fired()
    .filter((each) => each.step === step)
    .map((each) => each.at - start);
}

@Worker('retries')
class RetryWorker {
  @OnEvent(Start)
  async standard(): Promise<unknown> {
    return this.fail();
  }

  @Step()
  async fail(): Promise<unknown> {
    throw new Error(`attempt ${execution().attempt}`);
  }
}

describe('case 9 · A25 · retries', () => {
  test('by default: 3 attempts, 1 s doubling, and the caller sees the last error', async () => {
    const app = await openApp([RetryWorker]);
    const start = app.clock.now();
    const handle = (await app.publish(Start, {})).of(RetryWorker);
    await app.advance('1 hour');
    await expect(handle.result()).rejects.toThrow('attempt 3');
    expect(beginnings(app, start, 'standard/fail')).toEqual([0, 1_000, 3_000]);
  });

  @Worker('backoffs')
  class BackoffWorker {
    @OnEvent(Start)
    async run(): Promise<void> {
      await Promise.allSettled([
        this.byFixed(),
        this.byLinear(),
        this.byExponential(),
        this.byFunction(),
        this.bounded(),
      ]);
    }

    @Step()
    @Retry({ maxAttempts: 4, backoff: fixed('10s') })
    async byFixed(): Promise<void> {
      throw new Error('fixed');
    }

    @Step()
    @Retry({ maxAttempts: 4, backoff: linear('10s', { increment: '5s', max: '17s' }) })
    async byLinear(): Promise<void> {
      throw new Error('linear');
    }

    @Step()
    @Retry({ maxAttempts: 5, backoff: exponential('1s', { max: '5s', factor: 3 }), jitter: false })
    async byExponential(): Promise<void> {
      throw new Error('exponential');
    }

    @Step()
    @Retry({ maxAttempts: 3, backoff: (attempt, error) => attempt * (error as Error).message.length * 1_000 })
    async byFunction(): Promise<void> {
      throw new Error('12345');
    }

    @Step()
    @Retry({ maxAttempts: Number.POSITIVE_INFINITY, backoff: fixed('10s'), maxDuration: '25s' })
    async bounded(): Promise<void> {
      throw new Error('bounded');
    }
  }

  test('D29 · begin exactly when the backoff says', async () => {
    const app = await openApp([BackoffWorker]);
    const start = app.clock.now();
    const handle = (await app.publish(Start, {})).of(BackoffWorker);
    await app.advance('1 hour');
    await handle.result();
    expect(beginnings(app, start, 'run/byFixed')).toEqual([0, 10_000, 20_000, 30_000]);
    expect(beginnings(app, start, 'run/byLinear')).toEqual([0, 10_000, 25_000, 42_000]);
    expect(beginnings(app, start, 'run/byExponential')).toEqual([0, 1_000, 4_000, 9_000, 14_000]);
    expect(beginnings(app, start, 'run/byFunction')).toEqual([0, 5_000, 15_000]);
    expect(beginnings(app, start, 'run/bounded')).toEqual([0, 10_000, 20_000]);
  });

  test('hold no slot and outlive the process', async () => {
    const app = await openApp([BackoffWorker], { concurrency: 1 });
    const start = app.clock.now();
    const first = (await app.publish(Start, {})).of(BackoffWorker);
    const second = (await app.publish(Start, {})).of(BackoffWorker);
    await app.settle();
    expect([await first.status(), await second.status()]).toEqual(['waiting', 'waiting']);
    await app.crash();
    await app.advance('12s');
    await app.restart();
    await app.advance('1 hour');
    await Promise.all([first.result(), second.result()]);
    expect(beginnings(app, start, 'run/byFixed').slice(0, 4)).toEqual([0, 0, 12_000, 12_000]);
  });

  @Worker('finals')
  class FinalWorker {
    @OnEvent(Start)
    async run(): Promise<unknown> {
      const results = await Promise.allSettled([
        this.filtered(),
        this.marked(),
        this.notRetryable(),
        this.nonRetryable(),
        this.later(),
      ]);
      return results.map((each) =>
        each.status === 'rejected' ? (each.reason as Error).message : each.value,
      );
    }

    @Step()
    @Retry({ maxAttempts: 5, retryIf: (error) => !(error instanceof CardDeclined) })
    async filtered(): Promise<void> {
      told.push('filtered');
      throw execution().attempt < 2 ? new Error('network') : new CardDeclined('declined');
    }

    @Step()
    async marked(): Promise<void> {
      told.push('marked');
      throw Object.assign(new Error('marked'), { isNonRetryable: true });
    }

    @Step()
    async notRetryable(): Promise<void> {
      told.push('notRetryable');
      throw Object.assign(new Error('not retryable'), { retryable: false });
    }

    @Step()
    async nonRetryable(): Promise<void> {
      told.push('nonRetryable');
      throw new NonRetryableError('non-retryable');
    }

    @Step()
    @Retry({ maxAttempts: 2, backoff: fixed('1s') })
    async later(): Promise<string> {
      if (execution().attempt === 1) throw new RetryAfterError('busy', 90_000);
      return 'later';
    }
  }

  test('B14 · stop at an error that is final, however it says so; RetryAfterError says when', async () => {
    const app = await openApp([FinalWorker]);
    const start = app.clock.now();
    const handle = (await app.publish(Start, {})).of(FinalWorker);
    await app.advance('89s');
    expect(await handle.status()).toBe('waiting');
    await app.advance('1s');
    expect(await handle.result()).toEqual(['declined', 'marked', 'not retryable', 'non-retryable', 'later']);
    expect(told).toHaveLength(5);
    expect(told).toEqual(
      expect.arrayContaining(['filtered', 'filtered', 'marked', 'nonRetryable', 'notRetryable']),
    );
    expect(beginnings(app, start, 'run/later')).toEqual([0, 90_000]);
  });

  @Worker('hooks')
  class HookWorker {
    @OnEvent(Start)
    async run(): Promise<void> {
      await this.fail();
    }

    @Step()
    @Retry({
      maxAttempts: 3,
      backoff: fixed('1s'),
      onRetry: (error, info) =>
        told.push(['retry', (error as Error).message, info.attempt, info.maxAttempts]),
      onExhausted: 'gaveUp',
    })
    async fail(): Promise<void> {
      throw new Error('no');
    }

    gaveUp(error: unknown, info: { readonly attempt: number }): void {
      told.push(['exhausted', (error as Error).message, info.attempt]);
      throw new Error('a hook that fails changes nothing');
    }
  }

  test('call onRetry before each repetition and onExhausted at the end, once each', async () => {
    const app = await openApp([HookWorker]);
    const handle = (await app.publish(Start, {})).of(HookWorker);
    await app.advance('1 minute');
    await expect(handle.result()).rejects.toThrow('no');
    expect(told).toEqual([
      ['retry', 'no', 1, 3],
      ['retry', 'no', 2, 3],
      ['exhausted', 'no', 3],
    ]);
  });

  @Worker('keepers')
  class ParkWorker {
    @OnEvent(Start)
    @Retry({ maxAttempts: 2, backoff: fixed('1s'), onExhausted: 'park' })
    async run(): Promise<string> {
      if (told.length < 2) {
        told.push(execution().attempt);
        throw new Error('not yet');
      }
      return 'done';
    }
  }

  test('keep an exhausted execution for a person, who resumes it with fresh attempts', async () => {
    const app = await openApp([ParkWorker]);
    const handle = (await app.publish(Start, {})).of(ParkWorker);
    await app.advance('1 minute');
    expect(await handle.status()).toBe('parked');
    await expect(handle.result()).rejects.toMatchObject({
      name: 'ParkedError',
      cause: { message: 'not yet' },
    });
    await handle.resume();
    expect(await handle.result()).toBe('done');
    expect(told).toEqual([1, 2]);
  });

  @Worker('nested-retries')
  class NestedWorker {
    @OnEvent(Start)
    async run(): Promise<string> {
      return this.outer();
    }

    @Step()
    @Retry({ maxAttempts: 2, backoff: fixed('1s') })
    async outer(): Promise<string> {
      await this.good();
      return this.bad();
    }

    @Step()
    async good(): Promise<void> {
      told.push('good');
    }

    @Step()
    @Retry({ maxAttempts: 2, backoff: fixed('1s') })
    async bad(): Promise<string> {
      told.push('bad');
      if (told.filter((each) => each === 'bad').length < 4) throw new Error('bad');
      return 'at last';
    }
  }

  test('of a parent keep nested successes and repeat nested failures', async () => {
    const app = await openApp([NestedWorker]);
    const handle = (await app.publish(Start, {})).of(NestedWorker);
    await app.advance('1 minute');
    expect(await handle.result()).toBe('at last');
    expect(told).toEqual(['good', 'bad', 'bad', 'bad', 'bad']);
  });

  test('a failure that comes out of an exhausted step does not spend attempts of the handler', async () => {
    const app = await openApp([RetryWorker]);
    const handle = (await app.publish(Start, {})).of(RetryWorker);
    await app.advance('1 hour');
    const outcome = await handle.outcome();
    expect([outcome.success, outcome.metadata.attempt]).toEqual([false, 1]);
  });

  @Worker('handlers')
  class ThrowingWorker {
    @OnEvent(Start)
    async run(): Promise<string> {
      await this.once();
      if (execution().attempt < 3) throw new Error('the handler itself');
      return `attempt ${execution().attempt}`;
    }

    @Step()
    async once(): Promise<void> {
      told.push('once');
    }
  }

  test('of a handler that throws itself keep what its steps did', async () => {
    const app = await openApp([ThrowingWorker]);
    const handle = (await app.publish(Start, {})).of(ThrowingWorker);
    await app.advance('1 minute');
    expect([await handle.result(), told]).toEqual(['attempt 3', ['once']]);
  });
});

describe('case 10 · A26 · timeouts', () => {
  let release: (value: string) => void = () => {};

  @Worker('slow')
  class SlowWorker {
    @OnEvent(Start)
    async run(): Promise<string> {
      return this.work();
    }

    @Step()
    @Timeout('10s')
    @Retry({ maxAttempts: 2, backoff: fixed('5s') })
    work(): Promise<string> {
      const { attempt, signal } = execution();
      signal.addEventListener('abort', () => told.push([attempt, (signal.reason as Error).name]));
      if (attempt === 2) return Promise.resolve('second');
      return new Promise((resolve) => (release = resolve));
    }
  }

  test('fire at their instant, abort the signal, and the late result is ignored', async () => {
    const app = await openApp([SlowWorker]);
    const start = app.clock.now();
    const handle = (await app.publish(Start, {})).of(SlowWorker);
    await app.advance('9999ms');
    expect([await handle.status(), told]).toEqual(['running', []]);
    await app.advance('1ms');
    expect(told).toEqual([[1, 'TimeoutError']]);
    release('late');
    await app.advance('5s');
    expect(await handle.result()).toBe('second');
    expect(beginnings(app, start, 'run/work')).toEqual([0, 15_000]);
    expect((await handle.steps()).map(({ path, value, attempt }) => [path, value, attempt])).toEqual([
      ['run/work', 'second', 2],
    ]);
  });

  @Worker('stuck')
  class StuckWorker {
    @OnEvent(Start)
    @Retry({ maxAttempts: 1 })
    async run(): Promise<string> {
      return this.work();
    }

    @Step()
    @Timeout('10s')
    @Retry({ maxAttempts: 1 })
    work(): Promise<string> {
      told.push('begun');
      return new Promise((resolve) => (release = resolve));
    }
  }

  test('a timed-out body counts in concurrency until it ends', async () => {
    const app = await openApp([StuckWorker], { concurrency: 1 });
    const first = (await app.publish(Start, {})).of(StuckWorker);
    const second = (await app.publish(Start, {})).of(StuckWorker);
    await app.advance('15s');
    await expect(first.result()).rejects.toThrow(TimeoutError);
    expect([told, await second.status()]).toEqual([['begun'], 'pending']);
    release('late');
    await app.settle();
    expect([told, await second.status()]).toEqual([['begun', 'begun'], 'running']);
  });

  @Worker('bounded')
  class BoundedWorker {
    @OnEvent(Start)
    @Timeout('2 hours')
    async run({ n = 0 }: { n?: number | undefined }): Promise<string> {
      await step('first', () => 1);
      await sleep(n);
      return 'in time';
    }
  }

  test('of a handler bound the whole execution, waits included', async () => {
    const app = await openApp([BoundedWorker]);
    const early = (await app.publish(Start, { n: 3_600_000 })).of(BoundedWorker);
    const late = (await app.publish(Start, { n: 86_400_000 })).of(BoundedWorker);
    await app.advance('119 minutes');
    expect([await early.status(), await late.status()]).toEqual(['completed', 'waiting']);
    await app.advance('1 minute');
    await expect(late.result()).rejects.toThrow(TimeoutError);
    const { executionTime } = await late.outcome();
    expect(executionTime).toBe(7_200_000);
  });

  @Worker('waiters')
  @Timeout('10s')
  class WaitingStepWorker {
    @OnEvent(Start)
    async run(): Promise<string> {
      return this.work();
    }

    @Step()
    async work(): Promise<string> {
      await sleep('1 hour');
      return 'slept';
    }
  }

  test('of a step do not count its durable waits', async () => {
    const app = await openApp([WaitingStepWorker]);
    const handle = (await app.publish(Start, {})).of(WaitingStepWorker);
    await app.advance('1 hour');
    expect(await handle.result()).toBe('slept');
  });

  test('the app has a default, which configure changes', async () => {
    const app = await openApp([StuckWorker, RetryWorker], { timeout: '1 minute' });
    app.override(RetryWorker, 'fail', () => new Promise(() => {}));
    const handle = (await app.publish(Start, {})).of(RetryWorker);
    await app.advance('1 hour');
    await expect(handle.result()).rejects.toMatchObject({ name: 'TimeoutError', timeoutMs: 60_000 });
    app.configure({ timeout: '5s' });
    const next = (await app.publish(Start, {})).of(RetryWorker);
    await app.advance('1 hour');
    await expect(next.result()).rejects.toMatchObject({ timeoutMs: 5_000 });
  });
});

describe('cancellation', () => {
  @Worker('cancellable')
  class CancelWorker {
    @OnEvent(Start)
    async run({ n = 0 }: { n?: number | undefined }): Promise<void> {
      try {
        await this.work();
        await sleep(n);
        told.push('after the sleep');
      } catch {
        told.push('caught');
      } finally {
        told.push('finally');
      }
    }

    @Step()
    work(): Promise<void> {
      return Promise.resolve();
    }
  }

  test('tells a running body by its signal, with the reason, and runs neither catch nor finally', async () => {
    const app = await openApp([CancelWorker]);
    app.override(CancelWorker, 'work', () => {
      const { signal } = execution();
      return new Promise((_, reject) =>
        signal.addEventListener('abort', () => {
          told.push(signal.reason);
          reject(signal.reason as Error);
        }),
      );
    });
    const handle = (await app.publish(Start, {})).of(CancelWorker);
    await app.settle();
    expect(await handle.status()).toBe('running');
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow(CancelledError);
    await app.settle();
    expect(told).toEqual([expect.any(CancelledError)]);
  });

  test('of one that waits, or has not begun, means that nothing of it runs again', async () => {
    const app = await openApp([CancelWorker]);
    const waiting = (await app.publish(Start, { n: 3_600_000 })).of(CancelWorker);
    const delayed = (await app.publish(Start, {}, { delay: '1 hour' })).of(CancelWorker);
    await app.settle();
    expect([await waiting.status(), await delayed.status()]).toEqual(['waiting', 'pending']);
    await Promise.all([waiting.cancel(), delayed.cancel()]);
    await app.advance('2 hours');
    expect([await waiting.status(), await delayed.status(), told]).toEqual(['cancelled', 'cancelled', []]);
    await waiting.cancel();
    expect(await waiting.outcome()).toMatchObject({ success: false, error: { name: 'CancelledError' } });
  });

  test('of one that has ended is refused', async () => {
    const app = await openApp([CancelWorker]);
    const handle = (await app.publish(Start, {})).of(CancelWorker);
    await handle.result();
    await expect(handle.cancel()).rejects.toMatchObject({ code: 'EXECUTION_STATE' });
  });
});
