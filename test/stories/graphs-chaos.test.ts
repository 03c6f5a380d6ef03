import {
  Compensate,
  Concurrency,
  defineEvent,
  execution,
  fixed,
  NonRetryableError,
  OnEvent,
  RateLimit,
  Retry,
  sleep,
  Step,
  Worker,
} from 'holdfast';
import { simulate } from 'holdfast/testing';
import { z } from 'zod';

const Booked = defineEvent('chaos.booked', z.object({ id: z.number(), rooms: z.number(), card: z.string() }));
interface Booked {
  id: number;
  rooms: number;
  card: string;
}

/** The world outside: it knows repeats by their keys, and what runs in it at the same time. */
class Travel {
  readonly booked = new Map<string, string>();
  readonly cancelled = new Map<string, string>();
  calls = 0;

  async book(what: string, key: string): Promise<string> {
    this.calls++;
    this.booked.set(key, what);
    return what;
  }

  async cancel(what: string, key: string): Promise<void> {
    this.cancelled.set(key, what);
  }
}

@Worker('chaos-trips')
class Trips {
  constructor(private readonly travel: Travel) {}

  @OnEvent(Booked)
  @Concurrency({ limit: 2, key: 'card' })
  async plan(booked: Booked): Promise<Booked> {
    await this.hold(booked.id);
    return booked;
  }

  @Step() hold(id: number): Promise<string> {
    return this.travel.book(`${id} hold`, execution().idempotencyKey);
  }

  @Compensate('hold')
  letGo(held: string): Promise<void> {
    return this.travel.cancel(held, execution().idempotencyKey);
  }

  @Step({ after: 'plan' })
  @Concurrency(1)
  @RateLimit({ limit: 2, per: '30s' })
  flight({ id }: Booked): Promise<string> {
    return this.travel.book(`${id} flight`, execution().idempotencyKey);
  }

  @Compensate('flight')
  @Retry({ maxAttempts: 20, backoff: fixed('1s') })
  @Concurrency(1)
  async cancelFlight(flight: string): Promise<void> {
    if (execution().attempt < 3) throw new Error('the airline sleeps');
    await this.travel.cancel(flight, execution().idempotencyKey);
  }

  @Step({
    after: 'plan',
    each: {
      of: ({ id, rooms }: Booked) => Array.from({ length: rooms }, (_, n) => `${id} room ${n}`),
      concurrency: 2,
    },
  })
  @Concurrency(3)
  room(room: string): Promise<string> {
    return this.travel.book(room, execution().idempotencyKey);
  }

  @Compensate('room')
  freeRoom(room: string): Promise<void> {
    return this.travel.cancel(room, execution().idempotencyKey);
  }

  @Step({ after: ['plan', 'flight', 'room'] })
  async pay({ id, card }: Booked, _flight: string, rooms: string[]): Promise<number> {
    if (card === 'expired') throw new NonRetryableError('card expired');
    await sleep('2 days');
    await this.travel.book(`${id} paid`, execution().idempotencyKey);
    return rooms.length;
  }

  @Step({ after: 'pay', when: (rooms: number) => rooms > 1 })
  group(rooms: number): string {
    return `group of ${rooms}`;
  }

  @Step({ after: 'pay', when: 'otherwise' })
  alone(): string {
    return 'alone';
  }

  @Step({ after: ['group', 'alone'], join: 'any' })
  tell(how: string): string {
    return how;
  }
}

const bookings = (id: number, rooms: number): string[] =>
  ['hold', 'flight', ...Array.from({ length: rooms }, (_, n) => `room ${n}`)].map((what) => `${id} ${what}`);

describe.each(['UNTIL_ERROR', 'ISOLATED'] as const)('%s: a saga with limits under chaos', (executionMode) => {
  test('books once what it pays for, undoes once what it does not, and always ends', async () => {
    await simulate({
      workers: [Trips],
      providers: () => [{ provide: Travel, useClass: Travel }],
      app: { executionMode },
      events: (random) =>
        Array.from({ length: 4 }, (_, id) => [
          Booked,
          { id, rooms: random.int(0, 3), card: random.pick(['good', 'expired', 'other']) },
        ]),
      seeds: 12,
      invariants: [
        {
          name: 'each effect once, and undone once where the card has expired',
          check: ({ executions, get }) => {
            const { booked, cancelled } = get(Travel);
            const kept: string[] = [];
            const undone: string[] = [];
            for (const { status, input } of executions) {
              const { id, rooms, card } = input as Booked;
              expect([id, status]).toEqual([id, card === 'expired' ? 'failed' : 'completed']);
              if (card === 'expired') undone.push(...bookings(id, rooms));
              else kept.push(...bookings(id, rooms), `${id} paid`);
            }
            expect([...booked.values()].sort()).toEqual([...kept, ...undone].sort());
            expect([...cancelled.values()].sort()).toEqual(undone.sort());
          },
        },
      ],
    });
  }, 120_000);
});
