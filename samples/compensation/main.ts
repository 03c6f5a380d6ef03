// node --import @swc-node/register/esm-register samples/compensation/main.ts
import { setTimeout as pause } from 'node:timers/promises';
import {
  bootstrap,
  defineEvent,
  type EventData,
  memoryStore,
  NonRetryableError,
  OnEvent,
  Step,
  Worker,
} from 'holdfast';
import { z } from 'zod';

const TripBooked = defineEvent('trip.booked', z.object({ tripId: z.string(), city: z.string() }));
type TripBooked = EventData<typeof TripBooked>;

class Airline {
  async book(tripId: string): Promise<string> {
    return `flight-of-${tripId}`;
  }
  async cancel(flight: string): Promise<void> {
    console.log(`airline: ${flight} cancelled`);
  }
}

class Hotels {
  async book(city: string): Promise<string> {
    await pause(10);
    if (city === 'Atlantis') throw new NonRetryableError('no hotel under water');
    return `room in ${city}`;
  }
}

@Worker('trips')
class TripWorker {
  constructor(
    private readonly airline: Airline,
    private readonly hotels: Hotels,
  ) {}

  /**
   * Plain try and catch. A step's failure is stored as its results are: after a crash, the same `catch` is reached with
   * the same error, and `cancelFlight`, once stored, does not run again.
   */
  @OnEvent(TripBooked)
  async book(trip: TripBooked): Promise<string> {
    const flight = await this.bookFlight(trip.tripId);
    try {
      const room = await this.bookRoom(trip.city);
      return `${flight}, ${room}`;
    } catch (error) {
      await this.cancelFlight(flight);
      return `nothing booked: ${(error as Error).message}`;
    }
  }

  @Step() bookFlight(tripId: string): Promise<string> {
    return this.airline.book(tripId);
  }
  @Step() bookRoom(city: string): Promise<string> {
    return this.hotels.book(city);
  }
  @Step() cancelFlight(flight: string): Promise<void> {
    return this.airline.cancel(flight);
  }
}

await using app = await bootstrap({ workers: [TripWorker], store: memoryStore() });
await app.start();

for (const city of ['Lisbon', 'Atlantis']) {
  const published = await app.publish(TripBooked, { tripId: city.toLowerCase(), city });
  const booking = published.of(TripWorker, 'book');
  console.log(`${city}:`, await booking.result());
  for (const { path, status } of await booking.steps()) console.log(`  ${path} ${status}`);
}
