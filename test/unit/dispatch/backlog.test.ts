import {
  bootstrap,
  defineEvent,
  fixed,
  memoryStore,
  OnEvent,
  Retry,
  silentLogger,
  Worker,
} from '../../../lib/entries/index.js';
import { z } from 'zod';

const Begun = defineEvent('backlog.begun', z.object({ at: z.number() }));
const Refused = defineEvent('backlog.refused', z.object({}));

@Worker('busy')
class Busy {
  @OnEvent(Begun)
  handle({ at }: { at: number }): number {
    return at;
  }
}

@Worker('refusing')
class Refusing {
  private attempts = 0;

  @OnEvent(Refused)
  @Retry({ maxAttempts: 3, backoff: fixed('10ms') })
  handle(): number {
    if (++this.attempts < 3) throw new Error('not yet');
    return this.attempts;
  }
}

/** Far more than run within the delays of the retries. */
const ENOUGH = 20_000;

test.each([1, 4])(
  'whoever publishes without a pause keeps no slot from what is due: %i of them',
  async (loops) => {
    const app = await bootstrap({
      workers: [Busy, Refusing],
      store: memoryStore(),
      concurrency: loops,
      logger: silentLogger,
    });
    let begun = 0;
    let attempts = 0;
    try {
      await app.start();
      const refused = (await app.publish(Refused, {})).of(Refusing, 'handle').result();
      refused.then(
        (value) => (attempts = value),
        () => undefined,
      );
      const publishing = Array.from({ length: loops }, async () => {
        while (attempts === 0 && begun < ENOUGH)
          await (await app.publish(Begun, { at: begun++ })).of(Busy, 'handle').result();
      });
      await Promise.all(publishing);
      expect(attempts).toBe(3);
    } finally {
      await app.close();
    }
  },
);
