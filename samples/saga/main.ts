// node --import @swc-node/register/esm-register samples/saga/main.ts
import { setTimeout as pause } from 'node:timers/promises';
import {
  bootstrap,
  Compensate,
  defineEvent,
  type EventData,
  fixed,
  memoryStore,
  NonRetryableError,
  OnEvent,
  Retry,
  silentLogger,
  sleep,
  Step,
  Worker,
} from 'holdfast';
import { z } from 'zod';

const TripBooked = defineEvent('trip.booked', z.object({ city: z.string(), card: z.string() }));
type TripBooked = EventData<typeof TripBooked>;

class Travel {
  isHotelOpen = true;
  async book(what: string): Promise<string> {
    await pause(2);
    console.log(`  + ${what}`);
    return what;
  }
  async cancel(what: string): Promise<void> {
    console.log(`  - ${what}`);
  }
}

@Worker('trips')
class TripWorker {
  constructor(private readonly travel: Travel) {}

  @OnEvent(TripBooked)
  plan(trip: TripBooked): TripBooked {
    return trip;
  }

  @Step({ after: 'plan' })
  flight({ city }: TripBooked): Promise<string> {
    return this.travel.book(`flight to ${city}`);
  }

  /** Receives what `flight` gave. It is a step itself: stored, retried, and run once however often the process dies. */
  @Compensate('flight')
  cancelFlight(flight: string): Promise<void> {
    return this.travel.cancel(flight);
  }

  @Step({ after: 'flight', each: (_flight: string) => ['first', 'second'] })
  night(night: string): Promise<string> {
    return this.travel.book(`${night} night`);
  }

  @Compensate('night')
  @Retry({ maxAttempts: 2, backoff: fixed('10ms') })
  async cancelNight(night: string): Promise<void> {
    if (!this.travel.isHotelOpen) throw new Error('nobody answers at the hotel');
    await this.travel.cancel(night);
  }

  @Step({ after: ['plan', 'night'] })
  async pay({ card }: TripBooked, nights: string[]): Promise<string> {
    if (card === 'expired') throw new NonRetryableError('card expired');
    return `paid for ${nights.length} nights`;
  }

  @Step({ after: 'pay' })
  async remind(): Promise<void> {
    await sleep('30 days');
  }
}

await using app = await bootstrap({ workers: [TripWorker], store: memoryStore(), logger: silentLogger });
await app.start();
const travel = app.get(Travel);

async function book(city: string, card: string) {
  console.log(`${city}, ${card} card`);
  return (await app.publish(TripBooked, { city, card })).of(TripWorker, 'plan');
}

const failed = await book('Lisbon', 'expired');
console.log('  =>', await failed.result().catch((error: Error) => error.message));
console.log('  =>', (await failed.steps()).filter(({ status }) => status === 'compensated').length, 'undone');

const paid = new Promise<void>((resolve) => {
  app.on('step.completed', ({ step }) => {
    if (step === 'plan/pay') resolve();
  });
});
const cancelled = await book('Porto', 'good');
await paid;
await cancelled.cancel(); // while it sleeps until the reminder
console.log('  =>', await cancelled.result().catch((error: Error) => error.name));

travel.isHotelOpen = false;
const parked = await book('Faro', 'expired');
const error = await parked.result().catch((reason: Error) => reason);
console.log(`  => ${await parked.status()}: ${((error as Error).cause as Error).message}`);
travel.isHotelOpen = true;
await parked.resume(); // a person called the hotel
console.log('  =>', await parked.result().catch((reason: Error) => reason.message));
