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
import type { ClaimedExecution, ClaimRequest, Store } from '../../../lib/ports/store.js';
import type { NewExecution } from '../../../lib/ports/store-write.js';
import { Backlog } from '../../../lib/dispatch/backlog.js';
import { parted } from '../../../lib/dispatch/claimed-work.js';
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

test('what was claimed for a slot that a publish took is looked for again once it is handed back', async () => {
  const store = memoryStore();
  const claim = store.claim.bind(store);
  const write = store.write.bind(store);
  const order: string[] = [];
  let committing = (): void => undefined;
  const isCommitting = new Promise<void>((resolve) => (committing = resolve));
  let between: (() => Promise<unknown>) | null = async () => {
    between = null;
    await app.publish(Begun, { at: 0 });
    await isCommitting;
  };
  const endsAs = (writes: Writes, status: string): boolean =>
    writes.some((each) => each.kind === 'commit' && each.delta.record?.status === status);
  const overtaken: Store = Object.assign(store, {
    claim: async (request: ClaimRequest) => {
      const answer = await claim(request);
      if (answer.claimed.length > 0) await between?.();
      order.push(`claimed ${answer.claimed.length}`);
      return answer;
    },
    // The slot is free again, and looked after, before what had found none is back.
    write: async (writes: Writes) => {
      if (endsAs(writes, 'completed')) committing();
      if (endsAs(writes, 'completed')) await new Promise((resolve) => setTimeout(resolve, 10));
      if (endsAs(writes, 'pending')) await new Promise((resolve) => setTimeout(resolve, 30));
      if (endsAs(writes, 'pending')) order.push('handed back');
      return write(writes);
    },
  });
  const app = await bootstrap({
    workers: [Slow, Refusing],
    store: overtaken,
    concurrency: 1,
    logger: silentLogger,
  });
  try {
    const due = (await app.publish(Refused, {})).of(Refusing, 'handle').result();
    await app.start();
    expect(await due).toBe(3);
    expect(order.slice(0, 4)).toEqual(['claimed 1', 'claimed 0', 'handed back', 'claimed 1']);
  } finally {
    await app.close();
  }

  // The next heartbeat would look, too, after 5 s.
}, 4_000);

test('what may kill its process waits for a free slot, too', () => {
  const suspect = { strikes: 2 } as ClaimedExecution;
  expect(parted([suspect], 1)).toEqual({ begins: [suspect], spared: [], sharing: 1 });
  expect(parted([suspect], 0)).toEqual({ begins: [], spared: [suspect], sharing: 1 });
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

test('hints of what others have taken keep no slot from whoever publishes: the store is asked first', async () => {
  const store = memoryStore();
  const seen = { asked: 0, unleased: 0 };
  let hint: Parameters<Store['onChange']>[0] = () => undefined;
  const claim = store.claim.bind(store);
  const write = store.write.bind(store);
  const hinted: Store = Object.assign(store, {
    claim: (request: ClaimRequest) => {
      if (request.limit === 0) seen.asked++;
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
  const app = await bootstrap({ workers: [Slow], store: hinted, concurrency: 2, logger: silentLogger });
  try {
    await app.start();
    let published = 0;
    const publishing = Array.from({ length: 2 }, async () => {
      while (seen.asked < 5 && published < ENOUGH) {
        hint({ settled: [], declared: false });
        await (await app.publish(Begun, { at: published++ })).of(Slow, 'handle').result();
      }
    });
    await Promise.all(publishing);
    expect(seen).toEqual({ asked: 5, unleased: 0 });
  } finally {
    await app.close();
  }
});

describe('what is due and was not taken', () => {
  let clock: ManualClock;
  let backlog: Backlog;
  beforeEach(() => {
    clock = new ManualClock();
    backlog = new Backlog(clock);
  });

  const after = (ms: number): string => {
    clock.advance(ms);
    if (backlog.isInDoubt) return 'in doubt';
    return backlog.isOverdue ? 'overdue' : backlog.isThere ? 'waits' : 'gone';
  };

  it('is asked about after 20 ms, however often it is found', () => {
    expect(after(0)).toBe('gone');
    backlog.found();
    expect(after(19)).toBe('waits');
    backlog.found();
    expect(after(1)).toBe('in doubt');
    backlog.asked(0);
    backlog.answered(false, 0);
    expect(after(1_000)).toBe('gone');
  });

  it('goes before everything else as soon as the store says that it is there', () => {
    backlog.found();
    clock.advance(20);
    backlog.asked(0);
    backlog.answered(true, 0);
    expect(after(0)).toBe('overdue');
  });

  it('waits anew where a claim has left some of it', () => {
    backlog.asked(2);
    backlog.answered(true, 2);
    expect([after(19), after(1)]).toEqual(['waits', 'overdue']);
    backlog.answered(false, 2);
    expect(after(1_000)).toBe('gone');
  });

  it('goes before everything else at once where others got the slots that it was claimed for', () => {
    backlog.answered(false, 1);
    backlog.overtaken();
    expect(after(0)).toBe('overdue');
  });

  it('keeps the slots of a claim once it is overdue, and holds nothing else up then', () => {
    backlog.asked(2);
    expect(backlog.kept).toBe(0);
    backlog.answered(true, 2);
    clock.advance(20);
    backlog.asked(2);
    expect([backlog.kept, after(1_000)]).toEqual([2, 'waits']);
  });

  it('holds nothing up for a second after a claim has failed', () => {
    backlog.answered(true, 1);
    clock.advance(20);
    backlog.asked(1);
    backlog.failed();
    expect([backlog.kept, after(999), after(1)]).toEqual([0, 'waits', 'overdue']);
  });
});
