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
import type { NewExecution } from '../../../lib/ports/store-write.js';
import { Backlog } from '../../../lib/dispatch/backlog.js';
import { systemClock } from '../../../lib/adapters/system/system-clock.js';
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

type Writes = Parameters<Store['write']>[0];

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

const ends: (() => void)[] = [];
const end = (): void => {
  for (const each of ends.splice(0)) each();
};

/** Runs until the test ends it. */
@Worker('long')
class Long {
  @OnEvent(Begun)
  async handle({ at }: { at: number }): Promise<number> {
    if (at === 0) await new Promise<void>((resolve) => ends.push(resolve));
    return at;
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

function isUnleased({ owner }: NewExecution): boolean {
  return owner === null;
}

/** Far more than run within the delays of the retries. */
const ENOUGH = 100_000;

test.each([
  [1, 'that answers', false],
  [4, 'that answers', false],
  [1, 'of which the first claim fails', true],
])(
  'whoever publishes without a pause keeps no slot from what is due: with %i slots, on a store %s',
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

/** A store of which the test sends the hints, and that tells what is asked of it. */
function hintedStore() {
  const store = memoryStore();
  const seen = { asked: 0, unleased: 0, limits: [] as number[] };
  let hint: Parameters<Store['onChange']>[0] = () => undefined;
  const claim = store.claim.bind(store);
  const write = store.write.bind(store);
  const hinted: Store = Object.assign(store, {
    claim: (request: ClaimRequest) => {
      if (request.limit === 0) seen.asked++;
      seen.limits.push(request.limit);
      return claim(request);
    },
    write: (writes: Writes) => {
      for (const each of writes)
        if (each.kind === 'publish')
          seen.unleased += each.events.flatMap(({ executions }) => executions).filter(isUnleased).length;
      return write(writes);
    },
    onChange: (listener: typeof hint) => {
      hint = listener;
      return () => undefined;
    },
  });
  return { store: hinted, seen, hint: () => hint({ settled: [], declared: false }) };
}

test('hints of what others have taken keep no slot from whoever publishes: the store is asked first', async () => {
  const { store, seen, hint } = hintedStore();
  const app = await bootstrap({ workers: [Slow], store, concurrency: 2, logger: silentLogger });
  try {
    await app.start();
    let published = 0;
    const publishing = Array.from({ length: 2 }, async () => {
      while (seen.asked < 5 && published < ENOUGH) {
        hint();
        await (await app.publish(Begun, { at: published++ })).of(Slow, 'handle').result();
      }
    });
    await Promise.all(publishing);
    expect([seen.asked, seen.unleased]).toEqual([5, 0]);
  } finally {
    await app.close();
  }
});

test('a hint of what others have taken is asked about once, and forgotten', async () => {
  const { store, seen, hint } = hintedStore();
  const app = await bootstrap({ workers: [Slow], store, concurrency: 2, logger: silentLogger });
  try {
    await app.start();
    hint();
    const publishing = Array.from({ length: 2 }, async () => {
      for (let at = 0; at < 100; at++) await (await app.publish(Begun, { at })).of(Slow, 'handle').result();
    });
    await Promise.all(publishing);
    expect(seen.asked).toBeLessThan(3);
  } finally {
    await app.close();
  }
});

test('after a hint a claim asks for half of the free slots where others are published here, else for all of them', async () => {
  const { store, seen, hint } = hintedStore();
  const app = await bootstrap({ workers: [Long], store, concurrency: 8, logger: silentLogger });
  const limitsAfter = async (): Promise<readonly number[]> => {
    seen.limits.length = 0;
    hint();
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    return [...seen.limits];
  };
  try {
    await app.start();
    expect(await limitsAfter()).toEqual([8]);
    const long = (await app.publish(Begun, { at: 0 })).of(Long, 'handle').result();
    expect(await limitsAfter()).toEqual([3]);
    expect(await limitsAfter()).toEqual([7]);
    end();
    await long;
    await (await app.publish(Begun, { at: 1 })).of(Long, 'handle').result();
    // Nothing runs any more.
    expect(await limitsAfter()).toEqual([8]);
  } finally {
    await app.close();
  }
});

test('a hint for which publishers leave no share of the slots is not looked after again in each turn', async () => {
  const { store, seen, hint } = hintedStore();
  const claim = store.claim.bind(store);
  let answer: (() => void) | null = null;
  let isHeld = false;
  store.claim = async (request) => {
    const answered = await claim(request);
    if (isHeld) await new Promise<void>((resolve) => (answer = resolve));
    return answered;
  };
  let soons = 0;
  const clock = { ...systemClock, soon: (callback: () => void) => (soons++, systemClock.soon(callback)) };
  const app = await bootstrap({ workers: [Long], store, clock, concurrency: 3, logger: silentLogger });
  try {
    await app.start();
    await new Promise((resolve) => setTimeout(resolve, 10));
    await app.publish(Begun, { at: 0 });
    seen.limits.length = 0;
    isHeld = true;
    hint();
    while (answer === null) await new Promise((resolve) => setImmediate(resolve));
    isHeld = false;
    await app.publish(Begun, { at: 0 });
    hint();
    soons = 0;
    (answer as () => void)();
    while (seen.limits.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(seen.limits).toEqual([1, 1]);
    expect(soons).toBeLessThan(20);
  } finally {
    end();
    await app.close();
  }
});

test('what a hint leaves to publishers is taken when they have not used it', async () => {
  const store = memoryStore();
  const app = await bootstrap({ workers: [Long], store, concurrency: 2, logger: silentLogger });
  const publisher = await bootstrap({ workers: [Long], store, role: 'publisher', logger: silentLogger });
  try {
    await app.start();
    // It runs here: of the two slots one is free, and the next publish may want it.
    await app.publish(Begun, { at: 0 });
    const other = await publisher.publish(Begun, { at: 1 });
    expect(await app.execution(other.of(Long, 'handle').id).result()).toBe(1);
  } finally {
    end();
    await publisher.close();
    await app.close();
  }
}, 4_000); // Before the next renewal, at 5 s, which would look as well.

describe('what is due and was not taken', () => {
  let clock: ManualClock;
  let backlog: Backlog;
  beforeEach(() => {
    clock = new ManualClock();
    backlog = new Backlog(clock);
  });

  const after = (ms: number): string => {
    clock.advance(ms);
    if (backlog.asked > 0) return backlog.needs(1, 16) ? 'claimed, and needs more' : 'being claimed';
    if (backlog.isInDoubt) return 'in doubt';
    if (backlog.needs(2, 16)) return backlog.needs(3, 16) ? 'takes too much' : 'overdue';
    return backlog.mayBeThere ? 'waits' : 'gone';
  };
  const claimed = (limit: number, more: boolean): void => {
    backlog.asks(limit);
    backlog.asked = 0;
    backlog.answered(more, limit);
  };

  it('is asked about after 20 ms, however often it is found', () => {
    expect(after(0)).toBe('gone');
    backlog.found();
    expect(after(19)).toBe('waits');
    backlog.found();
    expect(after(1)).toBe('in doubt');
    claimed(0, false);
    expect(after(1_000)).toBe('gone');
  });

  it('goes before everything else as soon as the store says that it is there', () => {
    backlog.found();
    clock.advance(20);
    claimed(0, true);
    expect(after(0)).toBe('overdue');
  });

  it('waits anew where a claim has left some of it', () => {
    claimed(2, true);
    expect([after(19), after(1)]).toEqual(['waits', 'overdue']);
    claimed(2, false);
    expect(after(1_000)).toBe('gone');
  });

  it('is in doubt again when it is found after the store said that nothing is left', () => {
    claimed(1, true);
    claimed(1, false);
    backlog.found();
    expect(after(20)).toBe('in doubt');
  });

  it('holds nothing up but the slots of its claim while that is under way, and nothing for a second after it has failed', () => {
    claimed(1, true);
    clock.advance(20);
    backlog.asks(2);
    expect(after(1_000)).toBe('being claimed');
    backlog.failed();
    expect([after(999), after(1)]).toEqual(['waits', 'overdue']);
  });

  it('has half of the slots while others are published here, and all of them without, or once it has waited', () => {
    expect([backlog.shareOf(1), backlog.shareOf(7)]).toEqual([1, 7]);
    backlog.isContested = true;
    expect([backlog.shareOf(1), backlog.shareOf(7)]).toEqual([0, 3]);
    backlog.found();
    expect([backlog.patienceMs, backlog.shareOf(7)]).toEqual([20, 3]);
    clock.advance(20);
    expect([backlog.patienceMs, backlog.shareOf(7)]).toEqual([0, 7]);
    claimed(7, false);
    expect(backlog.shareOf(7)).toBe(7);
  });

  it('is forgotten when others look for it', () => {
    claimed(1, true);
    backlog.forget();
    expect(after(1_000)).toBe('gone');
  });
});
