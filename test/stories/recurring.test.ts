import {
  CancelledError,
  ConfigurationError,
  Every,
  fixed,
  InstanceNotFoundError,
  InvalidStateError,
  memoryStore,
  NonRetryableError,
  type RecurringContext,
  Retry,
  sleep,
  sqliteStore,
  Step,
  type Store,
  Worker,
} from 'holdfast';
import { z } from 'zod';
import { openApp } from './support/open-apps.js';

const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 1);
const minute = (at: number): number => (at - START) / MINUTE;

interface Account {
  readonly name: string;
  /** What its ticks do, the first at first; the last goes on. */
  readonly does: readonly string[];
}

const Count = z.object({ total: z.number() });
type Count = z.infer<typeof Count>;

/** What ticks saw, in order. */
let seen: unknown[] = [];
beforeEach(() => {
  seen = [];
});

@Worker('counts')
class Counts {
  @Every('5 minutes', { keyed: true, state: Count })
  @Retry({ maxAttempts: 2, backoff: fixed('1 minute') })
  async count({ name, does }: Account, ctx: RecurringContext<Count>) {
    const what = does[Math.min(ctx.runCount, does.length) - 1];
    seen.push(`${name} ${ctx.runCount} ${what} at ${minute(ctx.scheduledAt)}`);
    ctx.updateState((state) => ({ total: (state?.total ?? 0) + 1 }));
    if (what === 'throw') throw new NonRetryableError('no');
    if (what === 'fail') throw new Error('not now');
    if (what === 'once' && !ctx.isRetry) throw new Error('not yet');
    if (what === 'slow') await new Promise<void>((done) => void slowly(done));
    if (what === 'long') await sleep('12 minutes');
    if (what === 'bad') ctx.setState({ total: 'many' } as never);
    if (what === 'end') {
      await ctx.terminate({ reason: 'enough' });
      seen.push('never');
    }
    return ctx.runCount;
  }
}

/** Takes a while of virtual time without a sleep: the tick runs. */
let slowly: (done: () => void) => unknown = (done) => done();

const job = (name: string, ...does: string[]) => ({ id: name, input: { name, does } });

describe.each<[string, () => Store]>([
  ['memory', () => memoryStore()],
  ['SQLite', () => sqliteStore(':memory:')],
])('a method with a keyed @Every, in %s', (_name, makeStore) => {
  const opened = async () => {
    const app = await openApp([Counts], { store: makeStore() });
    slowly = (done) => app.clock.setTimer(10_000, done);
    return { app, jobs: app.recurring(Counts, 'count') };
  };

  it('D1 · D2 · D3 · D4 · D5 · D6 · D10 · D11 · runs at its start and each interval after it, with input and state of its own', async () => {
    const { app, jobs } = await opened();
    await app.advance('2 minutes');
    expect(await jobs.start(job('a', 'ok'))).toEqual({
      created: true,
      instanceId: 'recurring:counts:a',
      status: 'running',
    });
    await app.advance('1 minute');
    await jobs.start(job('b', 'ok'));
    await app.advance('10 minutes');
    expect(seen).toEqual([
      'a 1 ok at 2',
      'b 1 ok at 3',
      'a 2 ok at 7',
      'b 2 ok at 8',
      'a 3 ok at 12',
      'b 3 ok at 13',
    ]);
    expect(await jobs.getState('a')).toEqual({
      state: { total: 3 },
      version: 3,
      createdAt: START + 2 * MINUTE,
      updatedAt: START + 12 * MINUTE,
      scheduledAt: START + 17 * MINUTE,
    });
    expect(await jobs.status('a')).toEqual({
      status: 'running',
      runCount: 3,
      nextRunAt: START + 17 * MINUTE,
      lastRunAt: START + 12 * MINUTE,
      startedAt: START + 2 * MINUTE,
      stopReason: null,
    });
  });

  it('D8 · is started once for an id, and keeps the input that it was started with', async () => {
    const { app, jobs } = await opened();
    await jobs.start(job('a', 'ok'));
    expect(await jobs.start(job('a', 'throw'))).toMatchObject({ created: false, status: 'running' });
    const both = await Promise.all([jobs.start(job('b', 'ok')), jobs.start(job('b', 'ok'))]);
    expect(both.filter(({ created }) => created).length).toBe(1);
    await app.advance('5 minutes');
    expect(seen).toEqual(['a 1 ok at 0', 'b 1 ok at 0', 'a 2 ok at 5', 'b 2 ok at 5']);
  });

  it('D7 · D27 · w1 · case 20 · goes on after a tick that fails, with and without attempts left, and saves nothing of it', async () => {
    const { app, jobs } = await opened();
    await jobs.start(job('a', 'ok', 'throw', 'fail', 'bad', 'once', 'ok'));
    await app.advance('26 minutes');
    expect(seen).toEqual([
      'a 1 ok at 0',
      'a 2 throw at 5',
      'a 3 fail at 10',
      'a 3 fail at 10',
      // What its schema refuses, no other attempt makes right.
      'a 4 bad at 15',
      'a 5 once at 20',
      'a 5 once at 20',
      'a 6 ok at 25',
    ]);
    expect((await jobs.getState('a')).state).toEqual({ total: 3 });
    expect(await jobs.status('a')).toMatchObject({ status: 'running', runCount: 6 });
  });

  it('D25 · w8 · fails a tick that sets a state which its schema refuses', async () => {
    const { app, jobs } = await opened();
    await jobs.start(job('a', 'bad'));
    await app.advance('2 minutes');
    const [tick] = await app.executions.list({ worker: Counts });
    const outcome = app.execution(tick?.id ?? '').result();
    await expect(outcome).rejects.toThrow(InvalidStateError);
  });

  it('leaves instants out that pass while a tick has not ended, and never drifts', async () => {
    const { app, jobs } = await opened();
    await jobs.start(job('a', 'long', 'ok'));
    await app.advance('21 minutes');
    expect(seen).toEqual(['a 1 long at 0', 'a 1 long at 0', 'a 2 ok at 15', 'a 3 ok at 20']);
  });

  it('D9 · is triggered beside its schedule, which stays', async () => {
    const { app, jobs } = await opened();
    await jobs.start(job('a', 'ok'));
    await app.advance('2 minutes');
    const { triggered, execution } = await jobs.trigger('a');
    expect(triggered).toBe(true);
    expect(await execution?.result()).toBe(2);
    await app.advance('3 minutes');
    expect(seen).toEqual(['a 1 ok at 0', 'a 2 ok at 2', 'a 3 ok at 5']);
    expect(await jobs.trigger('nobody')).toEqual({ triggered: false, execution: null });
  });

  it('D9 · resets the attempts of a tick that waits for its next when it is triggered', async () => {
    const { app, jobs } = await opened();
    await jobs.start(job('a', 'fail', 'ok'));
    await app.advance('30 seconds');
    const { execution } = await jobs.trigger('a');
    await app.settle();
    expect(await execution?.result()).toBe(2);
    await app.advance('5 minutes');
    expect(seen).toEqual(['a 1 fail at 0', 'a 2 ok at 0.5', 'a 3 ok at 5']);
  });

  it('is triggered while a tick runs, which is run once all the same, and each trigger has a tick of its own', async () => {
    const { app, jobs } = await opened();
    await jobs.start(job('a', 'slow', 'ok'));
    await app.settle();
    const triggers = await Promise.all(Array.from({ length: 20 }, () => jobs.trigger('a')));
    expect(triggers.every(({ triggered }) => triggered)).toBe(true);
    await app.advance('1 minute');
    const counts = await Promise.all(triggers.map(async ({ execution }) => execution?.result()));
    expect(new Set(counts)).toEqual(new Set(Array.from({ length: 20 }, (_, at) => at + 2)));
    expect(seen.filter((each) => each === 'a 1 slow at 0').length).toBe(1);
    expect((await jobs.getState('a')).state).toEqual({ total: 21 });
    expect(await jobs.status('a')).toMatchObject({ runCount: 21, nextRunAt: START + 5 * MINUTE });
  });

  it('D6 · D10 · ends itself where it says so, can be looked at, and be started anew', async () => {
    const { app, jobs } = await opened();
    await jobs.start(job('a', 'ok', 'end'));
    await app.advance('1 hour');
    expect(seen).toEqual(['a 1 ok at 0', 'a 2 end at 5']);
    expect(await jobs.status('a')).toEqual({
      status: 'stopped',
      runCount: 2,
      nextRunAt: null,
      lastRunAt: START + 5 * MINUTE,
      startedAt: START,
      stopReason: 'enough',
    });
    expect((await jobs.getState('a')).state).toEqual({ total: 2 });
    expect(await jobs.trigger('a')).toEqual({ triggered: false, execution: null });
    expect(await jobs.start(job('a', 'ok'))).toMatchObject({ created: true });
    await app.advance('1 minute');
    expect((await jobs.getState('a')).state).toEqual({ total: 1 });
  });

  it('gives its slot back where it ends itself', async () => {
    const app = await openApp([Counts], { store: makeStore(), concurrency: 1 });
    const jobs = app.recurring(Counts, 'count');
    for (const name of ['a', 'b', 'c']) await jobs.start(job(name, 'end'));
    await app.settle();
    expect(seen).toEqual(['a 1 end at 0', 'b 1 end at 0', 'c 1 end at 0']);
    expect((await app.stats()).queues.local.running).toBe(0);
  });

  it('D11 · D26 · is terminated with its state and the tick ahead, and its id is free again', async () => {
    const { app, jobs } = await opened();
    await jobs.start(job('a', 'ok'));
    await app.advance('1 minute');
    expect(await jobs.terminate('a', { reason: 'left' })).toEqual({ terminated: true, reason: 'left' });
    expect(await jobs.terminate('a')).toEqual({ terminated: false, reason: null });
    expect(await jobs.status('a')).toMatchObject({ status: 'not_found', runCount: 0 });
    await expect(jobs.getState('a')).rejects.toThrow(InstanceNotFoundError);
    await app.advance('1 hour');
    expect(seen).toEqual(['a 1 ok at 0']);
    expect((await app.executions.list()).map(({ status }) => status)).toEqual(['completed']);
    await jobs.start(job('a', 'ok'));
    await app.advance('1 minute');
    expect((await jobs.getState('a')).state).toEqual({ total: 1 });
  });

  it('w11 · D36 · saves nothing of a tick that was under way when it was terminated, though another of its id has begun', async () => {
    const { app, jobs } = await opened();
    await jobs.start(job('a', 'long'));
    await app.advance('1 minute');
    await jobs.terminate('a');
    await jobs.start(job('a', 'ok'));
    await app.advance('13 minutes');
    expect(seen).toEqual(['a 1 long at 0', 'a 1 ok at 1', 'a 2 ok at 6', 'a 3 ok at 11']);
    expect((await jobs.getState('a')).state).toEqual({ total: 3 });
    const [first] = await app.executions.list();
    await expect(app.execution(first?.id ?? '').result()).rejects.toThrow(CancelledError);
  });

  it('outlives a crash: the tick under way is run again from its steps, and the next comes in time', async () => {
    const { app, jobs } = await opened();
    await jobs.start(job('a', 'long', 'ok'));
    await app.advance('6 minutes');
    await app.crash();
    await app.advance('2 minutes');
    await app.restart();
    await app.advance('8 minutes');
    expect(seen.slice(-2)).toEqual(['a 1 long at 0', 'a 2 ok at 15']);
    expect((await app.recurring(Counts, 'count').getState('a')).state).toEqual({ total: 2 });
  });

  it('goes on when a tick is cancelled by hand, before it began or while it runs', async () => {
    const { app, jobs } = await opened();
    await jobs.start(job('a', 'ok', 'long', 'ok'));
    await app.advance('1 minute');
    const ahead = async () => (await app.executions.list()).at(-1)?.id ?? '';
    const first = await ahead();
    await app.execution(first).cancel();
    await app.settle();
    expect(await jobs.status('a')).toMatchObject({ nextRunAt: START + 10 * MINUTE });
    await app.advance('10 minutes');
    await app.execution(await ahead()).cancel();
    await app.advance('10 minutes');
    expect(seen.at(-1)).toBe('a 4 ok at 20');
  });

  it('leaves the tick that runs alone when one that queues behind it is cancelled, triggered or ahead', async () => {
    const { app, jobs } = await opened();
    const queued = async () => (await app.executions.list({ status: 'waiting' })).at(-1)?.id ?? '';
    await jobs.start(job('a', 'slow', 'slow', 'ok'));
    await app.settle();
    const { execution } = await jobs.trigger('a');
    await execution?.cancel();
    await app.advance('1 minute');
    expect(seen).toEqual(['a 1 slow at 0']);
    expect(await jobs.status('a')).toMatchObject({ runCount: 1, nextRunAt: START + 5 * MINUTE });
    await app.advance(5 * MINUTE - 10 - MINUTE);
    await jobs.trigger('a');
    await app.advance(10);
    await app.execution(await queued()).cancel();
    await app.advance('1 minute');
    expect(seen.slice(1)).toEqual([`a 2 slow at ${5 - 10 / MINUTE}`]);
    expect(await jobs.status('a')).toMatchObject({ runCount: 2, nextRunAt: START + 10 * MINUTE });
    expect((await jobs.getState('a')).state).toEqual({ total: 2 });
    await app.advance('5 minutes');
    expect(seen.at(-1)).toBe('a 3 ok at 10');
  });

  it('is not run by the testing kit without a job', async () => {
    const { app } = await opened();
    const run = app.run(Counts, 'count', { name: 'a', does: ['ok'] });
    await expect(run).rejects.toThrow(/app.recurring\(Counts, 'count'\).start/);
  });

  it('is named where app.schedules is asked for it', async () => {
    const { app } = await opened();
    await expect(app.schedules.trigger(Counts, 'count')).rejects.toThrow(
      "Counts.count: its @Every is keyed, and schedules.trigger() is for those without a key. Write app.recurring(Counts, 'count')",
    );
  });

  it('refuses an id that is no text, and knows a class without a key', async () => {
    const { app, jobs } = await opened();
    await expect(jobs.start({ id: '', input: { name: '', does: [] } })).rejects.toThrow(ConfigurationError);
    expect(() => app.recurring(Plain as never)).toThrow(/has no @Every with keyed: true/);
  });
});

@Worker('plain')
class Plain {
  @Every('5 minutes')
  run() {}
}

describe('what a keyed @Every says of its instants', () => {
  @Worker('cron')
  class Cron {
    @Every({ cron: '*/10 * * * *', keyed: true, startImmediately: false, overlap: 'buffer', misfire: 'all' })
    async run(input: { readonly minutes: number }, ctx: RecurringContext) {
      seen.push(minute(ctx.scheduledAt));
      if (ctx.runCount === 1) await sleep(`${input.minutes} minutes`);
    }
  }

  it('comes at those of its expression, and the newest that passed meanwhile runs afterwards', async () => {
    const app = await openApp([Cron]);
    await app.advance('3 minutes');
    await app.recurring(Cron).start({ id: 'a', input: { minutes: 25 } });
    await app.advance('52 minutes');
    // The first is run twice: before its sleep and after it.
    expect(seen).toEqual([10, 10, 30, 40, 50]);
  });

  it('runs each instant that was missed while nothing could run', async () => {
    const app = await openApp([Cron]);
    await app.recurring(Cron).start({ id: 'a', input: { minutes: 0 } });
    await app.advance('11 minutes');
    await app.crash();
    await app.advance('30 minutes');
    await app.restart();
    await app.advance('10 minutes');
    expect([...new Set(seen)]).toEqual([10, 20, 30, 40, 50]);
  });

  @Worker('lazy')
  class Lazy {
    @Every('10 minutes', { keyed: true, misfire: 'skip' })
    skip(_input: undefined, ctx: RecurringContext) {
      seen.push(['skip', minute(ctx.scheduledAt)]);
    }

    @Every('10 minutes', { keyed: true })
    once(_input: undefined, ctx: RecurringContext) {
      seen.push(['once', minute(ctx.scheduledAt)]);
    }
  }

  it('runs the newest of those that were missed, or none, as it says', async () => {
    const app = await openApp([Lazy]);
    await app.recurring(Lazy, 'skip').start({ id: 'a' });
    await app.recurring(Lazy, 'once').start({ id: 'a' });
    await app.advance('1 minute');
    await app.crash();
    await app.advance('34 minutes');
    await app.restart();
    await app.advance('6 minutes');
    expect(seen.filter((each) => (each as string[])[0] === 'skip')).toEqual([
      ['skip', 0],
      ['skip', 40],
    ]);
    expect(seen.filter((each) => (each as string[])[0] === 'once')).toEqual([
      ['once', 0],
      ['once', 30],
      ['once', 40],
    ]);
  });

  it('refuses state in a step, where it would be lost on a resume', async () => {
    @Worker('steps')
    class Steps {
      @Every('10 minutes', { keyed: true, state: Count })
      async run(_input: undefined, ctx: RecurringContext<Count>) {
        this.own = ctx;
        await this.inside();
      }

      own: RecurringContext<Count> | null = null;

      @Step()
      async inside() {
        this.own?.setState({ total: 1 });
      }
    }
    const app = await openApp([Steps]);
    await app.recurring(Steps).start({ id: 'a' });
    await app.settle();
    const [tick] = await app.executions.list();
    await expect(app.execution(tick?.id ?? '').result()).rejects.toThrow(/called in the step 'run\/inside'/);
    expect(await app.recurring(Steps).status('a')).toMatchObject({ runCount: 1 });
  });

  it('follows a schedule that another deploy brought from the next tick on, and from a trigger', async () => {
    const store = memoryStore();
    const deploy = (every: '1 hour' | '1 minute') => {
      @Worker('deploys')
      class Deploys {
        @Every(every, { keyed: true })
        run(_input: undefined, ctx: RecurringContext) {
          seen.push(minute(ctx.scheduledAt));
        }
      }
      return Deploys;
    };
    const First = deploy('1 hour');
    const first = await openApp([First], { store });
    await first.recurring(First).start({ id: 'a' });
    await first.advance('30 seconds');
    await first.close();
    const Second = deploy('1 minute');
    const second = await openApp([Second], { store });
    await second.advance('10 minutes');
    expect(seen).toEqual([0]);
    await second.recurring(Second).trigger('a');
    await second.advance('2 minutes');
    expect(seen).toEqual([0, 10.5, 11, 12]);
  });
});
