import {
  combineResults,
  defineEvent,
  execution,
  Failure,
  fixed,
  isFailure,
  isSuccess,
  mapResult,
  matchResult,
  NonRetryableError,
  OnEvent,
  Retry,
  safeAsync,
  sleep,
  Step,
  StepError,
  Success,
  unwrapOr,
  unwrapResult,
  Worker,
  type Result,
} from 'holdfast';
import { z } from 'zod';
import { openApp } from './support/open-apps.js';

class CardDeclined extends NonRetryableError {
  override readonly code = 'CARD_DECLINED';
  readonly limit = 100;
}

class OutOfStock extends Error {
  readonly code = 'OUT_OF_STOCK';
}

const Bought = defineEvent('bought', z.object({ total: z.number() }));

const ran: string[] = [];
const seen: unknown[] = [];
beforeEach(() => {
  ran.length = 0;
  seen.length = 0;
});

@Worker('shop')
class ShopWorker {
  @OnEvent(Bought)
  async buy({ total }: { total: number }): Promise<string> {
    const charged = await this.charge(total);
    seen.push(charged);
    await sleep('1 hour');
    return matchResult(charged, {
      success: (receipt) => `paid ${receipt}`,
      failure: (error) => `${error.name} ${error.code} ${error.limit}`,
    });
  }

  @Step()
  @Retry({ maxAttempts: 5, backoff: fixed('1s') })
  async charge(total: number): Promise<Result<string, CardDeclined>> {
    ran.push('charge');
    return total > 100 ? Failure(new CardDeclined('limit')) : Success(`r${total}`);
  }
}

@Worker('asks')
class AskingWorker {
  @OnEvent(Bought)
  async ask({ total }: { total: number }) {
    const results = await Promise.all([this.fetch(total), this.fetch(total + 1), this.reserve()]);
    seen.push(results[2]);
    return combineResults(results);
  }

  @Step()
  async fetch(n: number): Promise<Result<number>> {
    ran.push('fetch');
    return safeAsync(async () => {
      if (n < 0) throw Object.assign(new RangeError('negative'), { request: { socket: () => {} }, n });
      return n;
    });
  }

  @Step()
  async reserve() {
    return ran.length > 99 ? Success(0) : Failure(new OutOfStock('none left'));
  }
}

@Worker('failing')
class FailingWorker {
  @OnEvent(Bought)
  async run({ total }: { total: number }): Promise<void> {
    await this.look();
    await this.charge().catch(() => {});
    if (total === 1) throw new NonRetryableError('my own');
    if (total === 2) await this.outer();
    try {
      await Promise.all([this.slow(), this.ship(), this.ship()]);
    } catch (error) {
      throw new NonRetryableError('not shipped', { cause: error });
    }
  }

  @Step()
  async look(): Promise<void> {}

  @Step()
  async charge(): Promise<void> {
    throw new NonRetryableError('declined');
  }

  @Step()
  async outer(): Promise<void> {
    await this.charge();
  }

  @Step()
  @Retry({ maxAttempts: 3, backoff: fixed('1s'), jitter: false })
  async ship(): Promise<void> {
    throw new RangeError('too heavy');
  }

  @Step()
  async slow(): Promise<void> {}
}

@Worker('graph')
class GraphWorker {
  @OnEvent(Bought)
  begin({ total }: { total: number }): number {
    return total;
  }

  @Step({ after: 'begin' })
  async reserve(total: number): Promise<number> {
    return total;
  }

  @Step({ after: 'begin' })
  async charge(total: number): Promise<Result<string, CardDeclined>> {
    if (total < 0) throw new NonRetryableError('no such total');
    return total > 100 ? Failure(new CardDeclined('limit')) : Success(`r${total}`);
  }

  @Step({ after: ['reserve', 'charge'] })
  async ship(total: number, charged: Result<string, CardDeclined>): Promise<string> {
    ran.push('ship');
    return `${total}: ${isSuccess(charged) ? charged.value : charged.error.code}`;
  }
}

describe('declared steps', () => {
  test('receive a Failure as the value that it is', async () => {
    const app = await openApp([GraphWorker], { types: [CardDeclined] });
    const handles = await Promise.all(
      [5, 500].map(async (total) => (await app.publish(Bought, { total })).of(GraphWorker)),
    );
    await app.settle();
    const shipped = await Promise.all(
      handles.map(async (handle) => (await handle.steps()).find(({ path }) => path === 'begin/ship')?.value),
    );
    expect(shipped).toEqual(['5: r5', '500: CARD_DECLINED']);
  });

  test('fail the execution with the error of the branch that failed, which the outcome names', async () => {
    const app = await openApp([GraphWorker]);
    const handle = (await app.publish(Bought, { total: -1 })).of(GraphWorker);
    await app.settle();
    expect(await handle.outcome()).toMatchObject({
      success: false,
      error: {
        message: 'no such total',
        failedStep: 'begin/charge',
        completedSteps: ['begin/reserve'],
      },
      metadata: { worker: 'graph', handler: 'begin', attempt: 1 },
    });
    expect(ran).toEqual([]);
  });
});

describe('a step that returns', () => {
  test('Success or Failure has returned a value: stored, not retried, the same on each run', async () => {
    const app = await openApp([ShopWorker], { types: [CardDeclined] });
    const good = (await app.publish(Bought, { total: 5 })).of(ShopWorker, 'buy');
    const bad = (await app.publish(Bought, { total: 500 })).of(ShopWorker, 'buy');
    await app.settle();
    await app.crash();
    await app.restart();
    await app.advance('2 hours');
    expect([await good.result(), await bad.result()]).toEqual(['paid r5', 'CardDeclined CARD_DECLINED 100']);
    expect(ran).toEqual(['charge', 'charge']);
    const failures = seen.filter((each) => isFailure(each as Result<string, CardDeclined>));
    expect(failures).toHaveLength(2);
    expect(failures[0]).toEqual(failures[1]);
    for (const { error } of failures as { error: unknown }[]) {
      expect(error).toBeInstanceOf(CardDeclined);
      expect(error).toMatchObject({ code: 'CARD_DECLINED', message: 'limit', category: 'business' });
    }
    expect(await bad.steps()).toMatchObject([{ path: 'buy/charge', status: 'completed', attempt: 1 }, {}]);
  });

  test('an error that holds a socket, or whose class is not registered, keeps what can be kept', async () => {
    const app = await openApp([AskingWorker]);
    const handle = (await app.publish(Bought, { total: -1 })).of(AskingWorker, 'ask');
    const result = await handle.result();
    expect(result).toMatchObject({ success: false, error: { message: 'negative', n: -1 } });
    expect(result.success || result.error).toBeInstanceOf(RangeError);
    const [{ error }] = seen as [{ error: StepError }];
    expect(error).toBeInstanceOf(StepError);
    expect(error).toMatchObject({ name: 'OutOfStock', originalCode: 'OUT_OF_STOCK', message: 'none left' });
  });
});

describe('a handler that returns a Failure', () => {
  test('has completed with that value, which its caller unwraps', async () => {
    const app = await openApp([AskingWorker]);
    const handle = (await app.publish(Bought, { total: -1 })).of(AskingWorker, 'ask');
    const outcome = await handle.outcome();
    expect(await handle.status()).toBe('completed');
    const value = unwrapResult(outcome);
    expect(isFailure(value)).toBe(true);
    expect(() => unwrapResult(value)).toThrow('negative');
  });
});

describe('an outcome', () => {
  test('A5 A7 · is a result too, and says when, where and for whom it ran', async () => {
    const app = await openApp([ShopWorker]);
    const startedAt = app.clock.now();
    const published = await app.publish(Bought, { total: 5 }, { session: 'tenant-1' });
    const handle = published.of(ShopWorker, 'buy');
    await app.advance('1 hour');
    const outcome = await handle.outcome();
    expect(outcome).toEqual({
      success: true,
      value: 'paid r5',
      executionTime: 3_600_000,
      metadata: {
        worker: 'shop',
        handler: 'buy',
        executionId: handle.id,
        session: 'tenant-1',
        attempt: 1,
        startedAt,
      },
    });
    expect(isSuccess(outcome) && outcome.value).toBe('paid r5');
    expect([unwrapResult(outcome), unwrapOr(outcome, 'none')]).toEqual(['paid r5', 'paid r5']);
    expect(mapResult(outcome, (value) => value.length)).toEqual(Success(7));
  });

  test('A6 · of a failure carries the step that failed, those that completed, and the cause', async () => {
    const app = await openApp([FailingWorker]);
    const handle = (await app.publish(Bought, { total: 3 })).of(FailingWorker, 'run');
    await app.advance('1 minute');
    const outcome = await handle.outcome();
    expect(outcome).toMatchObject({
      success: false,
      error: {
        name: 'NonRetryableError',
        message: 'not shipped',
        failedStep: 'run/ship',
        completedSteps: ['run/look', 'run/slow'],
        cause: { name: 'RangeError', message: 'too heavy' },
      },
      executionTime: 2_000,
      metadata: { worker: 'failing', handler: 'run', attempt: 1 },
    });
    expect(JSON.parse(JSON.stringify(outcome))).toMatchObject({
      error: {
        code: 'NON_RETRYABLE',
        category: 'business',
        severity: 'medium',
        retryable: false,
        details: { failedStep: 'run/ship', completedSteps: ['run/look', 'run/slow'] },
        cause: { name: 'RangeError', message: 'too heavy', code: null, retryable: true },
      },
    });
    expect(unwrapOr(outcome, 'nothing')).toBe('nothing');
    expect(() => unwrapResult(outcome)).toThrow('not shipped');
  });

  test('of an error of the handler itself names no step, though one had failed and was caught', async () => {
    const app = await openApp([FailingWorker]);
    const handle = (await app.publish(Bought, { total: 1 })).of(FailingWorker, 'run');
    expect(await handle.outcome()).toMatchObject({
      error: { message: 'my own', failedStep: null, completedSteps: ['run/look'] },
    });
  });

  test('names the step that let the failure of an inner one through', async () => {
    const app = await openApp([FailingWorker]);
    const handle = (await app.publish(Bought, { total: 2 })).of(FailingWorker, 'run');
    expect(await handle.outcome()).toMatchObject({ error: { message: 'declined', failedStep: 'run/outer' } });
  });

  test('counts the attempts of the handler, waits between them included in its time', async () => {
    @Worker('stubborn')
    class Stubborn {
      @OnEvent(Bought)
      @Retry({ maxAttempts: 3, backoff: fixed('1 minute'), jitter: false })
      async run(): Promise<number> {
        if (execution().attempt < 3) throw new Error('not yet');
        return execution().attempt;
      }
    }
    const app = await openApp([Stubborn]);
    const handle = (await app.publish(Bought, { total: 1 })).of(Stubborn, 'run');
    await app.advance('10 minutes');
    expect(await handle.outcome()).toMatchObject({
      success: true,
      value: 3,
      executionTime: 120_000,
      metadata: { attempt: 3 },
    });
  });
});
