import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  bootstrap,
  Every,
  memoryStore,
  NonRetryableError,
  type RecurringContext,
  silentLogger,
  sqliteStore,
  Step,
  type Store,
  StoreUnavailableError,
  Worker,
  type WorkerApp,
} from 'holdfast';
import { z } from 'zod';
import { killAtEveryWrite } from './support/crash-points.js';
import { openApp } from './support/open-apps.js';

const MINUTE = 60_000;

/** Instants of ticks that have succeeded in this or an earlier life of the process, as the body saw them. */
let effects: string[] = [];

const Ticks = z.object({ at: z.array(z.number()) });

@Worker('jobs')
class Jobs {
  @Every('5 minutes', { keyed: true, state: Ticks })
  async run(input: { readonly fails: number }, ctx: RecurringContext<z.infer<typeof Ticks>>) {
    await this.effect(ctx.scheduledAt);
    if (ctx.runCount === input.fails) throw new NonRetryableError('a bad moment');
    ctx.updateState((state) => ({ at: [...(state?.at ?? []), ctx.scheduledAt] }));
  }

  @Step()
  async effect(at: number) {
    effects.push(`${at}`);
  }
}

describe.each([
  ['memory', () => memoryStore()],
  ['SQLite', () => sqliteStore(':memory:')],
] as const)('a job whose process is killed, in %s', (_name, store) => {
  it('case 20 · has each tick once and always one ahead, whichever write it dies at', async () => {
    const writes = await killAtEveryWrite({
      workers: [Jobs],
      store,
      reset: () => {
        effects = [];
      },
      begin: (app) => app.recurring(Jobs).start({ id: 'a', input: { fails: 2 } }),
      drive: (app) => app.advance('12 minutes'),
      verify: async (app, where) => {
        const jobs = app.recurring(Jobs);
        const { status, nextRunAt, startedAt, runCount } = await jobs.status('a');
        const { state } = await jobs.getState('a');
        const records = await app.executions.list();
        const ended = records.filter(({ status }) => status !== 'pending');
        const ran = ended.filter(({ status }) => status === 'completed');
        expect([where, status, runCount]).toEqual([where, 'running', ended.length]);
        expect([where, ended.length - ran.length]).toEqual([where, 1]);
        expect([where, records.length - ended.length]).toEqual([where, 1]);
        expect([where, ((nextRunAt ?? 0) - (startedAt ?? 0)) % (5 * MINUTE)]).toEqual([where, 0]);
        expect([where, (nextRunAt ?? 0) > app.clock.now()]).toEqual([where, true]);
        // State is of those that succeeded, each instant once; the step of each ran once, or began again where it was killed.
        expect([where, state?.at.length]).toEqual([where, ran.length]);
        expect([where, new Set(state?.at).size]).toEqual([where, ran.length]);
        expect([where, new Set(effects).size]).toEqual([where, ended.length]);
      },
    });
    expect(writes).toBeGreaterThan(5);
  }, 60_000);
});

@Worker('turns')
class Turns {
  @Every('1 hour', { keyed: true, state: z.object({ count: z.number() }) })
  async run(_input: undefined, ctx: RecurringContext<{ count: number }>) {
    const before = ctx.state?.count ?? 0;
    running++;
    most = Math.max(most, running);
    await new Promise((resolve) => void setImmediate(resolve));
    running--;
    ctx.setState({ count: before + 1 });
  }
}
let running = 0;
let most = 0;

it('case 12 · 20 triggers of one job from two processes on one SQLite file are 20 ticks, one at a time', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-recurring-'));
  const path = join(folder, 'jobs.db');
  const open = async (): Promise<WorkerApp> => {
    const options = { workers: [Turns], logger: silentLogger, sweep: '200ms' } as const;
    const app = await bootstrap({ ...options, store: sqliteStore(path) });
    await app.start();
    return app;
  };
  const apps = [await open(), await open()] as const;
  try {
    const starts = await Promise.all(apps.map((app) => app.recurring(Turns).start({ id: 'a' })));
    expect(starts.filter(({ created }) => created)).toHaveLength(1);
    const triggers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => (apps[n % 2] as WorkerApp).recurring(Turns).trigger('a')),
    );
    await Promise.all(triggers.map(async ({ execution }) => execution?.result()));
    const { state } = await apps[1].recurring(Turns).getState('a');
    expect([state, most]).toEqual([{ count: 21 }, 1]);
  } finally {
    for (const app of apps) await app.close();
    rmSync(folder, { recursive: true });
  }
}, 40_000);

it('a start and a trigger whose answers are lost are one each, though the job has changed before they are sent again', async () => {
  let losing = false;
  const store = losingStore(async (target, write) => {
    if (!losing) return false;
    losing = false;
    const { id, version: expected, state } = write.change;
    await target.write([
      { kind: 'instance', change: { id, expected, version: 'other', state }, event: null, cancels: null },
    ]);
    return true;
  });
  let ticks = 0;
  @Worker('lossy')
  class Lossy {
    @Every('1 hour', { keyed: true })
    run() {
      ticks++;
    }
  }
  const app = await openApp([Lossy], { store });
  const jobs = app.recurring(Lossy);
  losing = true;
  const started = jobs.start({ id: 'a' });
  await app.advance('1 minute');
  expect(await started).toMatchObject({ created: true });
  losing = true;
  const triggered = jobs.trigger('a');
  await app.advance('1 minute');
  expect((await triggered).triggered).toBe(true);
  await app.settle();
  expect(ticks).toBe(2);
  expect(await jobs.status('a')).toMatchObject({ runCount: 2 });
});

it('a job that is terminated by a write whose answer is lost ends alone: the one that has its id by then goes on', async () => {
  let losing = false;
  let made = '';
  const store = losingStore(async (target, write) => {
    if (!losing) {
      made = write.change.state ?? '';
      return false;
    }
    losing = false;
    const { id } = write.change;
    const state = JSON.stringify({ ...JSON.parse(made), made: 'anew' });
    const change = { id, expected: null, version: 'other', state };
    await target.write([{ kind: 'instance', change, event: null, cancels: null }]);
    return true;
  });
  @Worker('lossy')
  class Lossy {
    @Every('1 hour', { keyed: true })
    run() {}
  }
  const app = await openApp([Lossy], { store });
  const jobs = app.recurring(Lossy);
  await jobs.start({ id: 'a' });
  losing = true;
  const terminated = jobs.terminate('a');
  await app.advance('1 minute');
  expect((await terminated).terminated).toBe(true);
  expect((await jobs.status('a')).status).toBe('running');
  expect((await jobs.terminate('a')).terminated).toBe(true);
  expect((await jobs.status('a')).status).toBe('not_found');
});

/** A memory store that keeps the answer to writes of instances to itself when that is answered with true, once each is stored. */
function losingStore(loses: (target: Store, write: InstanceWrite) => Promise<boolean>): Store {
  return new Proxy<Store>(memoryStore(), {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      if (name !== 'write') return member.bind(target) as unknown;
      return async (writes: Parameters<Store['write']>[0]) => {
        const verdicts = await target.write(writes);
        const [write] = writes;
        if (write?.kind === 'instance' && (await loses(target, write)))
          throw new StoreUnavailableError('the answer is lost', new Error('no answer'));
        return verdicts;
      };
    },
  });
}

type InstanceWrite = Extract<Parameters<Store['write']>[0][number], { readonly kind: 'instance' }>;
