import {
  CancelledError,
  Compensate,
  CompensationError,
  defineEvent,
  execution,
  fixed,
  memoryStore,
  NonRetryableError,
  OnEvent,
  ParkedError,
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

const Booked = defineEvent('trip.booked', z.object({ city: z.string(), rooms: z.number() }));
type Booked = { city: string; rooms: number };

const trip = { city: 'Lisbon', rooms: 2 };
/** Effects by idempotency key: two bodies under one key are one effect. */
const effects = new Map<string, string>();
const ran: string[] = [];
const keys: string[] = [];
beforeEach(() => {
  effects.clear();
  ran.length = 0;
  keys.length = 0;
});

function effect(what: string): string {
  effects.set(execution().idempotencyKey, what);
  ran.push(what);
  keys.push(execution().idempotencyKey);
  return what;
}

@Worker('trips')
class Trips {
  @OnEvent(Booked)
  async book(booked: Booked): Promise<Booked> {
    await this.hold(booked.city);
    return booked;
  }

  @Step() async hold(city: string): Promise<string> {
    return effect(`hold ${city}`);
  }

  @Compensate('hold')
  letGo(held: string): void {
    effect(`let go: ${held}`);
  }

  @Step({ after: 'book' })
  flight({ city }: Booked): string {
    return effect(`flight to ${city}`);
  }

  @Compensate('flight')
  cancelFlight(flight: string): void {
    effect(`cancel ${flight}`);
  }

  @Step({ after: 'flight', each: { of: (_flight: string) => [1, 2], concurrency: 1 } })
  room(n: number): { room: number; since: Date } {
    effect(`room ${n}`);
    return { room: n, since: new Date(n) };
  }

  @Compensate('room')
  async freeRoom({ room, since }: { room: number; since: Date }): Promise<void> {
    await this.callHotel(`free room ${room} of ${since.getTime()}`);
  }

  @Step() async callHotel(what: string): Promise<string> {
    return effect(what);
  }

  @Step({ after: 'room' })
  pay(): string {
    throw new NonRetryableError('card declined');
  }
}

const undone = ['free room 2 of 2', 'free room 1 of 1', 'cancel flight to Lisbon', 'let go: hold Lisbon'];
const done = ['hold Lisbon', 'flight to Lisbon', 'room 1', 'room 2'];

describe('a failed execution', () => {
  test('undoes what completed, last first, each with its value, and then fails with what it failed for', async () => {
    const app = await openApp([Trips]);
    const told: string[] = [];
    app.on('step.compensated', ({ step }) => told.push(step));
    const failures: unknown[] = [];
    app.on('execution.failed', ({ step, error }) => failures.push([step, (error as Error).message]));
    const handle = (await app.publish(Booked, trip)).of(Trips);
    await expect(handle.result()).rejects.toThrow('card declined');
    expect(failures).toEqual([['book/pay', 'card declined']]);
    expect(ran).toEqual([...done, ...undone]);
    expect(told).toEqual(['book/room', 'book/room', 'book/flight', 'book/hold']);
    const outcome = await handle.outcome();
    expect(outcome).toMatchObject({ success: false, error: { failedStep: 'book/pay', completedSteps: [] } });
    expect((await handle.steps()).map(({ path, status }) => `${path} ${status}`)).toEqual([
      'book/hold compensated',
      'book/flight compensated',
      'book/room compensated',
      'book/room compensated',
      'book/pay failed',
      'book/room/compensation/callHotel completed',
      'book/room/compensation completed',
      'book/room/compensation/callHotel completed',
      'book/room/compensation completed',
      'book/flight/compensation completed',
      'book/hold/compensation completed',
    ]);
  });

  const stores: readonly (readonly [string, () => Store])[] = [
    ['memory', () => memoryStore()],
    ['SQLite', () => sqliteStore(':memory:')],
  ];
  test.each(stores)(
    'undoes each once, wherever it is killed, on the %s store',
    async (_, store) => {
      const writes = await killAtEveryWrite({
        workers: [Trips],
        store,
        begin: (app) => app.publish(Booked, trip, { id: 'the trip' }),
        drive: (app) => app.advance('10 minutes'),
        reset: () => effects.clear(),
        verify: async (app, where) => {
          const [execution] = await app.executions.list({});
          expect([where, execution?.status]).toEqual([where, 'failed']);
          expect([where, [...effects.values()]]).toEqual([where, [...done, ...undone]]);
        },
      });
      expect(writes).toBeGreaterThan(10);
    },
    60_000,
  );

  test('is waiting, with the reason, while it undoes; a cancel then changes nothing', async () => {
    @Worker('patient')
    class Patient {
      @OnEvent(Booked)
      async book({ city }: Booked): Promise<void> {
        await this.flight(city);
        throw new NonRetryableError('no');
      }

      @Step() async flight(city: string): Promise<string> {
        return effect(`flight to ${city}`);
      }

      @Compensate('flight')
      @Retry({ maxAttempts: 3, backoff: fixed('1 hour') })
      cancelFlight(flight: string): void {
        if (execution().attempt < 3) throw new Error('the airline sleeps');
        effect(`cancel ${flight}`);
      }
    }
    const app = await openApp([Patient]);
    const handle = (await app.publish(Booked, trip)).of(Patient);
    await app.settle();
    expect(await handle.status()).toBe('waiting');
    await handle.cancel();
    await app.advance('2 hours');
    await expect(handle.result()).rejects.toThrow('no');
    expect([await handle.status(), ran]).toEqual(['failed', ['flight to Lisbon', 'cancel flight to Lisbon']]);
  });
});

describe('a compensation that fails for good', () => {
  @Worker('stuck')
  class Stuck {
    @OnEvent(Booked)
    book({ city }: Booked): string {
      return city;
    }

    @Step({ after: 'book' })
    flight(city: string): string {
      return effect(`flight to ${city}`);
    }

    @Step({ after: 'flight' })
    hotel(): string {
      return effect('hotel');
    }

    @Step({ after: 'hotel' })
    pay(): void {
      throw new NonRetryableError('card declined');
    }

    @Compensate('flight')
    cancelFlight(flight: string): void {
      effect(`cancel ${flight}`);
    }

    @Compensate('hotel')
    @Retry({ maxAttempts: 2, backoff: fixed('1s') })
    cancelHotel(): void {
      effect('cancel hotel');
    }
  }

  test('parks the execution with what was to be undone; resume() goes on there, and it ends as it failed', async () => {
    const app = await openApp([Stuck]);
    const mend = app.override(Stuck, 'cancelHotel', () => {
      ran.push('the hotel is closed');
      throw new Error('closed');
    });
    const handle = (await app.publish(Booked, trip)).of(Stuck);
    await app.advance('1 minute');
    expect(await handle.status()).toBe('parked');
    const error: unknown = await handle.result().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ParkedError);
    const { cause } = error as { cause: CompensationError };
    expect(cause).toBeInstanceOf(CompensationError);
    expect([cause.step, cause.compensation, (cause.cause as Error).message]).toEqual([
      'book/hotel',
      'cancelHotel',
      'closed',
    ]);
    expect(ran.slice(2)).toEqual(['the hotel is closed', 'the hotel is closed']);
    ran.length = 0;
    mend();
    await handle.resume();
    await app.settle();
    await expect(handle.result()).rejects.toThrow('card declined');
    expect(ran).toEqual(['cancel hotel', 'cancel flight to Lisbon']);
  });
});

describe('a cancelled execution', () => {
  @Worker('cancellable')
  class Cancellable {
    @OnEvent(Booked)
    book({ city }: Booked): string {
      return city;
    }

    @Step({ after: 'book' })
    flight(city: string): string {
      return effect(`flight to ${city}`);
    }

    @Step({ after: 'flight' })
    async confirm(): Promise<void> {
      await sleep('30 days');
    }

    @Step({ after: 'confirm' })
    tell(): void {
      effect('told');
    }

    @Compensate('flight')
    cancelFlight(flight: string): void {
      effect(`cancel ${flight}`);
    }
  }

  test('that waits undoes at once, and ends as cancelled', async () => {
    const app = await openApp([Cancellable]);
    const handle = (await app.publish(Booked, trip)).of(Cancellable);
    await app.settle();
    await handle.cancel();
    await app.settle();
    await expect(handle.result()).rejects.toBeInstanceOf(CancelledError);
    expect([await handle.status(), ran]).toEqual([
      'cancelled',
      ['flight to Lisbon', 'cancel flight to Lisbon'],
    ]);
    await app.advance('60 days');
    expect(ran).toHaveLength(2);
  });

  test('lets a body that runs give its result, with its signal aborted, and undoes that too', async () => {
    let finish: (value: string) => void = () => {};
    const reasons: unknown[] = [];
    const app = await openApp([Cancellable]);
    app.override(Cancellable, 'flight', async () => {
      const { signal } = execution();
      signal.addEventListener('abort', () => reasons.push(signal.reason));
      return effect(await new Promise<string>((resolve) => (finish = resolve)));
    });
    const handle = (await app.publish(Booked, trip)).of(Cancellable);
    await app.settle();
    await handle.cancel();
    await app.settle();
    expect([await handle.status(), reasons.map((reason) => (reason as Error).name)]).toEqual([
      'running',
      ['CancelledError'],
    ]);
    finish('late flight');
    await app.settle();
    await expect(handle.result()).rejects.toBeInstanceOf(CancelledError);
    expect(ran).toEqual(['late flight', 'cancel late flight']);
  });
});

describe('a cancelled execution with nothing to undo', () => {
  test('ends at once, whatever runs, though other workers of the app have compensations', async () => {
    @Worker('plain')
    class Plain {
      @OnEvent(Booked)
      async book({ city }: Booked): Promise<string> {
        return this.wait(city);
      }

      @Step() async wait(_city: string): Promise<string> {
        return new Promise(() => {});
      }
    }
    const app = await openApp([Plain, Trips]);
    const handle = (await app.publish(Booked, trip)).of(Plain);
    await app.settle();
    expect(await handle.status()).toBe('running');
    await handle.cancel();
    await app.settle();
    expect(await handle.status()).toBe('cancelled');
  });
});

describe('retry() after an undo', () => {
  test('runs what was undone again under new idempotency keys, and keeps what was not', async () => {
    let declined = true;
    @Worker('again')
    class Again {
      @OnEvent(Booked)
      book({ city }: Booked): string {
        return city;
      }

      @Step({ after: 'book' })
      look(city: string): string {
        return effect(`look at ${city}`);
      }

      @Step({ after: 'look' })
      flight(): string {
        return effect('flight');
      }

      @Step({ after: 'flight' })
      pay(): void {
        if (declined) throw new NonRetryableError('declined');
        effect('paid');
      }

      @Compensate('flight')
      cancelFlight(): void {
        effect('cancel');
      }
    }
    const app = await openApp([Again]);
    const handle = (await app.publish(Booked, trip)).of(Again);
    await expect(handle.result()).rejects.toThrow('declined');
    declined = false;
    await handle.retry();
    await app.settle();
    expect(await handle.result()).toBe('Lisbon');
    expect(ran).toEqual(['look at Lisbon', 'flight', 'cancel', 'flight', 'paid']);
    expect(new Set(keys).size).toBe(5);
    expect((await handle.steps()).find(({ path }) => path === 'book/flight')?.status).toBe('completed');
  });
});
