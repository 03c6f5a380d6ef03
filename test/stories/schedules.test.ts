import {
  Concurrency,
  defineEvent,
  Every,
  fixed,
  type LifecycleEvent,
  memoryStore,
  OnEvent,
  Retry,
  sleep,
  sqliteStore,
  Step,
  type Store,
  type Tick,
  Worker,
} from 'holdfast';
import { crashMatrix, simulate, TestApp } from 'holdfast/testing';
import { z } from 'zod';
import { openApp } from './support/open-apps.js';

const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 1);
const minutes = (...each: number[]): number[] => each.map((at) => START + at * MINUTE);

let seen: number[] = [];
let ended: number[] = [];
let began: number[] = [];
beforeEach(() => {
  seen = [];
  ended = [];
  began = [];
});

/** What an app tells of its schedules. */
function told(app: TestApp): string[] {
  const all: string[] = [];
  const note = (event: LifecycleEvent): void => {
    if (event.name === 'schedule.tick') all.push(`tick ${(event.scheduledAt - START) / MINUTE}`);
    if (event.name === 'schedule.skipped')
      all.push(`${event.reason} ${(event.scheduledAt - START) / MINUTE}`);
  };
  app.on('schedule.tick', note);
  app.on('schedule.skipped', note);
  return all;
}

@Worker('polls')
class Polls {
  @Every('5 minutes')
  poll({ scheduledAt }: Tick) {
    seen.push(scheduledAt);
  }
}

describe.each<[string, () => Store]>([
  ['memory', () => memoryStore()],
  ['SQLite', () => sqliteStore(':memory:')],
])('a method with @Every, in %s', (_name, makeStore) => {
  it('runs once for each instant of its interval, and not when the app starts', async () => {
    const app = await openApp([Polls], { store: makeStore() });
    await app.advance('4 minutes');
    expect(seen).toEqual([]);
    await app.advance('11 minutes');
    expect(seen).toEqual(minutes(5, 10, 15));
    expect(app.fired().map(({ at, handler }) => [at, handler])).toEqual(
      minutes(5, 10, 15).map((at) => [at, 'poll']),
    );
    await app.advance('1 day');
    expect(seen).toHaveLength(3 + 288);
  });

  it('runs by a cron expression in its zone', async () => {
    @Worker('reports')
    class Reports {
      @Every({ cron: '0 9 * * 1-5', timeZone: 'Europe/Berlin' })
      report({ scheduledAt }: Tick) {
        seen.push(scheduledAt);
      }
    }
    // From the Thursday before the clocks change.
    const app = await openApp([Reports], { store: makeStore(), now: new Date('2026-03-26T12:00Z') });
    await app.advance('6 days');
    expect(seen.map((at) => new Date(at).toISOString().slice(0, 16))).toEqual([
      '2026-03-27T08:00',
      '2026-03-30T07:00',
      '2026-03-31T07:00',
      '2026-04-01T07:00',
    ]);
  });

  it('goes on after an execution that failed, with its own retries', async () => {
    let attempts = 0;
    @Worker('failing')
    class Failing {
      @Every('1 hour')
      @Retry({ maxAttempts: 2, backoff: fixed('1s') })
      run() {
        attempts++;
        throw new Error('always');
      }
    }
    const app = await openApp([Failing], { store: makeStore() });
    await app.advance('3 hours');
    await app.advance('1 minute');
    expect(attempts).toBe(6);
    expect((await app.stats()).failed).toBe(3);
  });

  it('calls steps, and has declared steps after it', async () => {
    const sent: string[] = [];
    @Worker('digests')
    class Digests {
      @Every('1 day')
      async collect({ scheduledAt }: Tick) {
        await sleep('1 hour');
        return this.load(scheduledAt);
      }

      @Step()
      load(at: number) {
        return { day: new Date(at).toISOString().slice(0, 10) };
      }

      @Step({ after: 'collect' })
      send({ day }: { day: string }) {
        sent.push(day);
      }
    }
    const app = await openApp([Digests], { store: makeStore() });
    await app.advance('1 day');
    await app.crash();
    await app.restart();
    await app.advance('1 day');
    await app.advance('2 hours');
    expect(sent).toEqual(['2026-01-02', '2026-01-03']);
  });

  it('runs each instant once in all processes together, whichever of them lives', async () => {
    const store = makeStore();
    const apps = [await openApp([Polls], { store }), await openApp([Polls], { store })] as const;
    await apps[0].advance('20 minutes');
    await apps[0].crash();
    await apps[1].advance('20 minutes');
    await apps[0].restart();
    await apps[1].crash();
    await apps[0].advance('20 minutes');
    expect(seen).toEqual(minutes(5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60));
    expect(await apps[0].executions.list({})).toHaveLength(12);
  });

  it('runs at once, too, when it is first declared and says so; not when the app starts again', async () => {
    @Worker('eager')
    class Eager {
      @Every('1 hour', { startImmediately: true })
      run({ scheduledAt }: Tick) {
        seen.push(scheduledAt);
      }
    }
    const app = await openApp([Eager], { store: makeStore(), now: START + 90_000 });
    await app.settle();
    await app.crash();
    await app.restart();
    await app.advance('1 hour');
    expect(seen).toEqual([START + 90_000, START + 60 * MINUTE]);
  });
});

describe('what was missed', () => {
  const after = async (misfire: 'once' | 'skip' | 'all', downMs: number): Promise<string[]> => {
    @Worker('missing')
    class Missing {
      @Every('5 minutes', { misfire })
      run({ scheduledAt }: Tick) {
        seen.push(scheduledAt);
      }
    }
    const app = await openApp([Missing]);
    await app.advance('5 minutes');
    await app.crash();
    await app.advance(downMs);
    const all = told(app);
    await app.restart();
    await app.settle();
    await app.advance('5 minutes');
    return all;
  };

  it('runs once, for the newest of them, by default', async () => {
    expect(await after('once', 22 * MINUTE)).toEqual(['misfire 10', 'tick 25', 'tick 30']);
    expect(seen).toEqual(minutes(5, 25, 30));
  });

  it("does not run with misfire: 'skip'", async () => {
    expect(await after('skip', 22 * MINUTE)).toEqual(['misfire 10', 'tick 30']);
    expect(seen).toEqual(minutes(5, 30));
  });

  it("runs each with misfire: 'all', one after another", async () => {
    expect(await after('all', 22 * MINUTE)).toEqual(['tick 10', 'tick 15', 'tick 20', 'tick 25', 'tick 30']);
    expect(seen).toEqual(minutes(5, 10, 15, 20, 25, 30));
  });

  it("runs the newest hundred at most with misfire: 'all'", async () => {
    await after('all', 5_002 * MINUTE);
    expect(seen).toHaveLength(1 + 100 + 1);
    expect(seen.slice(1, 3)).toEqual(minutes(5_005 - 99 * 5, 5_005 - 98 * 5));
    expect(seen.slice(-2)).toEqual(minutes(5_005, 5_010));
  });

  it('is nothing that is less than a minute late', async () => {
    expect(await after('skip', 5.5 * MINUTE)).toEqual(['tick 10', 'tick 15']);
  });
});

describe('an instant while the execution before it has not ended', () => {
  const run = async (overlap: 'skip' | 'buffer' | 'allow' | 'cancel'): Promise<string[]> => {
    @Worker('slow')
    class Slow {
      @Every('5 minutes', { overlap })
      async run({ scheduledAt }: Tick) {
        seen.push(scheduledAt);
        await sleep('12 minutes');
        ended.push(scheduledAt);
      }
    }
    const app = await openApp([Slow]);
    app.on('execution.started', ({ resumed, at }) => {
      if (!resumed) began.push(at);
    });
    const all = told(app);
    await app.advance('23 minutes');
    return all;
  };

  it('is left out by default', async () => {
    expect(await run('skip')).toEqual(['tick 5', 'overlap 10', 'overlap 15', 'tick 20']);
    expect(ended).toEqual(minutes(5));
  });

  it("runs when that one has ended with overlap: 'buffer'; one waits", async () => {
    expect(await run('buffer')).toEqual(['tick 5', 'overlap 15', 'tick 10']);
    // As soon as the other has ended, and no sweep later.
    expect(began).toEqual(minutes(5, 17));
  });

  it("runs beside it with overlap: 'allow'", async () => {
    expect(await run('allow')).toEqual(['tick 5', 'tick 10', 'tick 15', 'tick 20']);
    expect(ended).toEqual(minutes(5, 10));
  });

  it("cancels it with overlap: 'cancel'", async () => {
    expect(await run('cancel')).toEqual(['tick 5', 'tick 10', 'tick 15', 'tick 20']);
    expect(seen).toEqual(minutes(5, 10, 15, 20));
    expect(ended).toEqual([]);
  });

  it('is not held up by one that was parked', async () => {
    @Worker('parked')
    class Parked {
      @Every('1 hour')
      @Retry({ maxAttempts: 1, onExhausted: 'park' })
      run({ scheduledAt }: Tick) {
        seen.push(scheduledAt);
        throw new Error('a person has to look');
      }
    }
    const app = await openApp([Parked]);
    await app.advance('2 hours');
    expect(seen).toEqual(minutes(60, 120));
  });
});

describe('app.schedules', () => {
  it('lists what runs by itself, and what it will run', async () => {
    const app = await openApp([Polls]);
    await app.advance('6 minutes');
    const [polls, ...others] = await app.schedules.list();
    expect(others).toEqual([]);
    expect(polls).toEqual({
      id: 'polls.poll',
      worker: 'polls',
      method: 'poll',
      timing: 'every 300000 ms',
      paused: false,
      nextAt: START + 10 * MINUTE,
      lastAt: START + 5 * MINUTE,
      lastExecutionId: expect.any(String),
    });
    expect(await app.execution(polls?.lastExecutionId ?? '').status()).toBe('completed');
    expect(app.schedules.next(Polls, 'poll', 3)).toEqual(minutes(10, 15, 20));
  });

  it('holds a schedule in every process until it is resumed; what passed meanwhile is not run', async () => {
    const store = memoryStore();
    const apps = [await openApp([Polls], { store }), await openApp([Polls], { store })] as const;
    await apps[0].advance('6 minutes');
    await apps[0].schedules.pause(Polls);
    await apps[1].advance('20 minutes');
    await apps[1].crash();
    await apps[1].restart();
    await apps[1].advance('2 minutes');
    expect(seen).toEqual(minutes(5));
    expect(await apps[1].schedules.list()).toMatchObject([{ paused: true, nextAt: null }]);
    await apps[1].schedules.resume(Polls, 'poll');
    await apps[0].advance('5 minutes');
    expect(seen).toEqual(minutes(5, 30));
  });

  it('runs a method now, and the schedule goes on as before', async () => {
    @Worker('sums')
    class Sums {
      @Every('1 hour')
      sum({ scheduledAt }: Tick) {
        seen.push(scheduledAt);
        return scheduledAt + 1;
      }
    }
    const app = await openApp([Sums]);
    await app.advance('10 minutes');
    const handle = await app.schedules.trigger(Sums, 'sum');
    expect(await handle.result()).toBe(START + 10 * MINUTE + 1);
    await app.advance('50 minutes');
    expect(seen).toEqual(minutes(10, 60));
  });

  it('says what is wrong with a method that has no schedule, or is not named among several', async () => {
    @Worker('two')
    class Two {
      @Every('1 hour')
      first() {}
      @Every('2 hours')
      second() {}
      third() {}
    }
    const app = await openApp([Two]);
    await expect(app.schedules.pause(Two)).rejects.toThrow(
      "Two: schedules.pause() names no method, and there are several with @Every. Name one of 'first', 'second'",
    );
    expect(() => app.schedules.next(Two, 'third')).toThrow(
      "Two.third: it has no @Every. Name one of 'first'",
    );
  });

  it('is held as executions are while its worker is paused', async () => {
    const app = await openApp([Polls]);
    await app.pause(Polls);
    await app.advance('12 minutes');
    expect(seen).toEqual([]);
    await app.resume(Polls);
    await app.settle();
    expect(seen).toEqual(minutes(5));
    await app.advance('5 minutes');
    expect(seen).toEqual(minutes(5, 15));
  });
});

describe('a deploy', () => {
  const version = (interval: '5 minutes' | '7 minutes', note: (at: number) => void) => {
    @Worker('polls')
    class Version {
      @Every(interval)
      poll({ scheduledAt }: Tick) {
        note(scheduledAt);
      }
    }
    return Version;
  };

  it('that changes a schedule takes effect while processes of the former one live', async () => {
    const store = memoryStore();
    const old: number[] = [];
    const former = await openApp([version('5 minutes', (at) => old.push(at))], { store });
    await former.advance('12 minutes');
    const next = await openApp([version('7 minutes', (at) => seen.push(at))], { store });
    await next.settle();
    await next.advance('30 minutes');
    const each = [...old, ...seen].sort((a, b) => a - b);
    const first = 7 * MINUTE * Math.ceil((START + 12 * MINUTE) / (7 * MINUTE));
    expect(each).toEqual([
      ...minutes(5, 10),
      ...[0, 1, 2, 3, 4].map((at) => first + at * 7 * MINUTE).filter((at) => at <= START + 42 * MINUTE),
    ]);
  });

  it('that goes back to a former one has it again when no process of the newer one lives', async () => {
    const store = memoryStore();
    const apps = [
      await openApp([version('5 minutes', (at) => seen.push(at))], { store }),
      await openApp([version('7 minutes', () => {})], { store }),
    ] as const;
    await apps[1].settle();
    expect(await apps[0].schedules.list()).toMatchObject([{ timing: 'every 420000 ms' }]);
    await apps[0].crash();
    await apps[0].restart();
    expect(await apps[0].schedules.list()).toMatchObject([{ timing: 'every 420000 ms' }]);
    await apps[1].crash();
    await apps[0].advance('1 minute');
    expect(await apps[0].schedules.list()).toMatchObject([{ timing: 'every 300000 ms' }]);
    seen = [];
    await apps[0].advance('5 minutes');
    expect(seen).toHaveLength(1);
  });

  it('that removes a schedule retires it when no live process has declared it for ten minutes', async () => {
    @Worker('others')
    class Others {
      @Every('1 day')
      run() {}
    }
    const store = memoryStore();
    const former = await openApp([Polls], { store });
    const next = await openApp([Others], { store });
    await next.advance('5 minutes');
    await former.crash();
    for (let i = 0; i < 9; i++) await next.advance('1 minute');
    expect(await next.schedules.list()).toHaveLength(2);
    for (let i = 0; i < 5; i++) await next.advance('1 minute');
    expect((await next.schedules.list()).map(({ id }) => id)).toEqual(['others.run']);
  });

  it('that is held when its app is away for longer is held when it comes back', async () => {
    @Worker('others')
    class Others {
      @Every('1 day')
      run() {}
    }
    const store = memoryStore();
    const former = await openApp([Polls], { store });
    const next = await openApp([Others], { store });
    await former.schedules.pause(Polls);
    await former.crash();
    for (let i = 0; i < 30; i++) await next.advance('1 minute');
    const [polls] = (await next.schedules.list()).filter(({ id }) => id !== 'others.run');
    expect(polls).toMatchObject({ paused: true });
  });
});

describe('limits and delays', () => {
  it('has its executions pass a gate like any other', async () => {
    let running = 0;
    let most = 0;
    @Worker('gated')
    class Gated {
      @Every('1 minute', { overlap: 'allow' })
      @Concurrency(2)
      async run() {
        most = Math.max(most, ++running);
        await this.work();
        running--;
      }

      @Step()
      async work() {
        await sleepFor(5 * MINUTE);
      }
    }
    const app = await openApp([Gated]);
    const sleepFor = (ms: number) => new Promise<void>((done) => void app.clock.setTimer(ms, done));
    await app.advance('9 minutes');
    expect(most).toBe(2);
  });

  it('spreads executions over the time after their instant', async () => {
    @Worker('spread')
    class Spread {
      @Every('1 hour', { jitter: '10 minutes' })
      run({ scheduledAt }: Tick) {
        seen.push(scheduledAt);
        began.push(app.clock.now());
      }
    }
    const app: TestApp = await openApp([Spread]);
    await app.advance('70 minutes');
    expect(seen).toEqual(minutes(60));
    // TestApp draws the middle of every interval.
    expect(began).toEqual(minutes(65));
  });

  it('is run by the testing kit on a tick that the test gives', async () => {
    const app = await openApp([Polls]);
    const run = await app.run(Polls, 'poll', { scheduledAt: 7 });
    expect([run.status, seen]).toEqual(['completed', [7]]);
  });

  it('is held by a crash matrix, which is of one event, and runs in a simulation', async () => {
    const Asked = defineEvent('schedules.asked', z.object({ n: z.number() }));
    @Worker('both')
    class Both {
      @Every('1 minute', { startImmediately: true })
      async tick({ scheduledAt }: Tick) {
        return this.double(scheduledAt);
      }

      @OnEvent(Asked)
      async answer({ n }: { n: number }) {
        await sleep('10 minutes');
        return this.double(n);
      }

      @Step()
      async double(n: number) {
        return 2 * n;
      }
    }
    const matrix = await crashMatrix(Both, [Asked, { n: 1 }]);
    expect(matrix.cells.map(({ step }) => step)).not.toContain('both.tick');
    expect(matrix.failures).toEqual([]);
    const seen = new Set<string>();
    await simulate({
      workers: [Both],
      events: [[Asked, { n: 1 }]],
      seeds: 3,
      invariants: [
        ({ executions }) => {
          for (const { handler, input } of executions) seen.add(JSON.stringify([handler, input]));
          expect(new Set(executions.map(({ input }) => JSON.stringify(input))).size).toBe(executions.length);
        },
      ],
    });
    expect(seen.size).toBeGreaterThan(10);
  }, 60_000);
});
