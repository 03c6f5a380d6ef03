import {
  bootstrap,
  defineEvent,
  execution,
  fixed,
  memoryStore,
  OnEvent,
  Retry,
  silentLogger,
  Worker,
} from '../../../lib/entries/index.js';
import { z } from 'zod';
import { StoreUnavailableError } from '../../../lib/model/errors-store.js';
import type { ClaimRequest, Store } from '../../../lib/ports/store.js';
import { Backlog } from '../../../lib/dispatch/backlog.js';
import { ManualClock } from '../../../lib/testing/manual-clock.js';

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
  @OnEvent(Refused)
  @Retry({ maxAttempts: 3, backoff: fixed('10ms') })
  handle(): number {
    const { attempt } = execution();
    if (attempt < 3) throw new Error('not yet');
    return attempt;
  }
}

/** Answers claims late; `fails`: the first one not at all. */
function slowClaims(trouble: { fails: boolean }): Store {
  const store = memoryStore();
  const claim = store.claim.bind(store);
  return Object.assign(store, {
    claim: async (request: ClaimRequest) => {
      const answer = await claim({ ...request, limit: trouble.fails ? 0 : request.limit });
      await new Promise((resolve) => setTimeout(resolve, 3));
      if (!trouble.fails) return answer;
      trouble.fails = false;
      throw new StoreUnavailableError('injected');
    },
  });
}

let running = 0;
let mostRunning = 0;

@Worker('slow')
class Slow {
  @OnEvent(Begun)
  async handle(): Promise<void> {
    mostRunning = Math.max(mostRunning, ++running);
    await new Promise((resolve) => setTimeout(resolve, 1));
    running--;
  }
}

test('what is claimed and what is published share the slots: no more run than there are', async () => {
  const app = await bootstrap({
    workers: [Slow],
    store: slowClaims({ fails: false }),
    concurrency: 2,
    logger: silentLogger,
  });
  try {
    await app.start();
    const results: Promise<unknown>[] = [];
    for (let at = 0; at < 200; at++) {
      results.push((await app.publish(Begun, { at })).of(Slow, 'handle').result());
      if (at % 4 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await Promise.all(results);
    expect(mostRunning).toBe(2);
  } finally {
    await app.close();
  }
});

/** Far more than run within the delays of the retries. */
const ENOUGH = 100_000;

test.each([
  [1, 'that answers', false],
  [4, 'that answers', false],
  [1, 'of which the first claim fails', true],
])(
  'whoever publishes without a pause keeps no slot from what is due: %i, on a store %s',
  async (loops, _, fails) => {
    const app = await bootstrap({
      workers: [Busy, Refusing],
      store: slowClaims({ fails }),
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

describe('what is due and was not taken', () => {
  let clock: ManualClock;
  let backlog: Backlog;
  beforeEach(() => {
    clock = new ManualClock();
    backlog = new Backlog(clock);
  });

  const overdueAfter = (ms: number): boolean => {
    clock.advance(ms);
    return backlog.isOverdue;
  };

  it('waits for 20 ms before it goes before everything else, however often it is found', () => {
    expect([backlog.isThere, backlog.isOverdue]).toEqual([false, false]);
    backlog.found();
    expect(backlog.isThere).toBe(true);
    expect(overdueAfter(19)).toBe(false);
    backlog.found();
    expect(overdueAfter(1)).toBe(true);
  });

  it('waits anew where a claim has left some of it, and is gone where none has', () => {
    backlog.found();
    clock.advance(20);
    backlog.answered(true);
    expect([overdueAfter(19), overdueAfter(1)]).toEqual([false, true]);
    backlog.answered(false);
    expect([backlog.isThere, overdueAfter(1_000)]).toEqual([false, false]);
  });

  it('holds nothing up while it is asked for, and for a second after that has failed', () => {
    backlog.found();
    backlog.asked = 1;
    expect(overdueAfter(1_000)).toBe(false);
    backlog.failed();
    expect([backlog.isThere, overdueAfter(999), overdueAfter(1)]).toEqual([true, false, true]);
  });
});
