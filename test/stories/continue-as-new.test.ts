import 'reflect-metadata';
import { IsInt, IsString } from 'class-validator';
import {
  Compensate,
  continueAsNew,
  Event,
  execution,
  fixed,
  InvalidEventError,
  memoryStore,
  NoCurrentExecutionError,
  OnEvent,
  race,
  Retry,
  run,
  sleep,
  sqliteStore,
  Step,
  type Store,
  TimeoutError,
  Timeout,
  waitFor,
  Worker,
} from '../../lib/entries/index.js';
import { TestApp } from '../../lib/entries/testing.js';
import { killAtEveryWrite } from './support/crash-points.js';

@Event('counted')
class Counted {
  @IsInt() n!: number;
  @IsInt() until!: number;
  @IsString() how!: string;
}

@Event('other')
class Other {
  @IsInt() n!: number;
}

@Event('ticked', { correlate: 'key' })
class Ticked {
  @IsString() key!: string;
  @IsInt() n!: number;
}

@Event('declared')
class Declared {
  @IsInt() n!: number;
}

let notes: string[] = [];
let drawn: string[] = [];

@Worker('counting')
class Counting {
  @OnEvent([Counted, Other])
  @Retry({ maxAttempts: 3, backoff: fixed('1s') })
  async count(event: Counted | Other): Promise<unknown> {
    if (event instanceof Other) return ['other', event.n];
    const { n, until, how } = event;
    const { id, idempotencyKey, attempt } = execution();
    if (how === 'draw') drawn.push(id, execution().uuid(), String(execution().random()), idempotencyKey);
    await this.note(n);
    if (how === 'flaky' && n === 1 && attempt < 3) throw new Error('again');
    if (how === 'other') return continueAsNew(Other, { n: 7 });
    if (how === 'invalid') return continueAsNew(Counted, { n: 'x' as unknown as number, until, how });
    if (how === 'tick') {
      const tick = await waitFor(Ticked, { key: 'k' });
      notes.push(`tick ${tick.n}`);
    }
    if (how === 'children')
      await run(Counting, 'count', Object.assign(new Counted(), { n: n + 100, until: 0, how: 'child' }));
    if (how === 'open') void run(Counting, 'sleep', { n });
    if (how === 'step') await this.again(event);
    if (how === 'race') await race({ a: () => continueAsNew(event) });
    if (n >= until) return [n, execution().attempt];
    const next = Object.assign(new Counted(), { n: n + 1, until, how });
    if (how === 'late') {
      // What is under way is awaited first; what follows never runs.
      void this.note(n + 1_000);
      void continueAsNew(next);
      await sleep('1h');
    }
    return continueAsNew(next);
  }

  @Step() async note(n: number) {
    notes.push(`note ${n}`);
    if (n >= 1_000) drawn.push(execution().idempotencyKey);
    return n;
  }

  @Compensate('note') async unnote(n: number) {
    notes.push(`unnote ${n}`);
  }

  @Step() async again(event: Counted) {
    await continueAsNew(event);
  }

  @OnEvent(Declared)
  async sleep() {
    await sleep('1h');
  }
}

@Worker('bounded')
class Bounded {
  @OnEvent(Counted)
  @Timeout('10 minutes')
  async run({ n }: Counted): Promise<never> {
    await sleep('1 minute');
    notes.push(`turn ${n}`);
    return continueAsNew(Counted, { n: n + 1, until: 0, how: '' });
  }
}

@Worker('with-steps')
class WithSteps {
  @OnEvent(Declared)
  async root({ n }: Declared): Promise<number> {
    return n > 0 ? n : continueAsNew(Declared, { n: 1 });
  }

  @Step({ after: 'root' }) async next(n: number) {
    return n;
  }
}

beforeEach(() => {
  notes = [];
  drawn = [];
});

const stores: readonly (readonly [string, () => Store])[] = [
  ['memory', () => memoryStore()],
  ['SQLite', () => sqliteStore(':memory:')],
];

const count = async (app: TestApp, how: string, until: number, id = how) =>
  (await app.publish(Counted, { n: 0, until, how }, { id })).of(Counting, 'count');

describe.each(stores)('continueAsNew on %s', (_, store) => {
  let app: TestApp;
  beforeEach(async () => {
    app = await TestApp.create({ workers: [Counting, WithSteps], store: store() });
  });
  afterEach(() => app.close());

  it('goes on as the same execution, with nothing left of the turn before', async () => {
    const handle = await count(app, 'plain', 3);
    await app.settle();
    expect(await handle.result()).toEqual([3, 1]);
    expect(notes).toEqual(['note 0', 'note 1', 'note 2', 'note 3']);
    expect((await handle.steps()).map(({ path, value }) => [path, value])).toEqual([['count/note', 3]]);
    expect(await app.executions.list()).toHaveLength(1);
  });

  it('has other ids, chance and keys in each turn', async () => {
    await count(app, 'draw', 2);
    await app.settle();
    const turns = [0, 1, 2].map((turn) => drawn.slice(turn * 4, turn * 4 + 4));
    expect(new Set(turns.map(([id]) => id)).size).toBe(1);
    for (const at of [1, 2, 3]) expect(new Set(turns.map((turn) => turn[at])).size).toBe(3);
  });

  it('begins each turn with its first attempt', async () => {
    const handle = await count(app, 'flaky', 2);
    await app.advance('1 minute');
    expect(await handle.result()).toEqual([2, 1]);
  });

  it('goes on with another event that the handler takes', async () => {
    const handle = await count(app, 'other', 5);
    await app.settle();
    expect(await handle.result()).toEqual(['other', 7]);
  });

  it('does not get an event again that an earlier turn has got, and misses none', async () => {
    const handle = await count(app, 'tick', 2);
    for (const n of [1, 2, 3]) await app.publish(Ticked, { key: 'k', n });
    await app.settle();
    expect(await handle.result()).toEqual([2, 1]);
    expect(notes.filter((note) => note.startsWith('tick'))).toEqual(
      expect.arrayContaining(['tick 1', 'tick 2', 'tick 3']),
    );
  });

  it('waits for what is under way, and runs nothing after it', async () => {
    const handle = await count(app, 'late', 2);
    await app.advance('3h');
    expect(await handle.result()).toEqual([2, 1]);
    expect(new Set(notes)).toEqual(new Set(['note 0', 'note 1000', 'note 1', 'note 1001', 'note 2']));
    expect(new Set(drawn).size).toBe(2);
  });

  it('starts children of its own in each turn', async () => {
    const handle = await count(app, 'children', 2);
    await app.settle();
    expect(await handle.result()).toEqual([2, 1]);
    expect(await app.executions.list()).toHaveLength(4);
  });

  it('undoes what the last turn did, and not what earlier turns did', async () => {
    const handle = await count(app, 'plain', 100_000);
    await new Promise((resolve) => setTimeout(resolve, 5));
    await handle.cancel();
    await app.settle();
    expect(await handle.status()).toBe('cancelled');
    expect(notes.filter((note) => note.startsWith('unnote')).length).toBeLessThan(2);
  });

  it('refuses data that does not fit, and places where it cannot be', async () => {
    for (const [how, message] of [
      ['invalid', InvalidEventError],
      ['step', 'continueAsNew() in a step or in a branch of race()'],
      ['race', 'continueAsNew() in a step or in a branch of race()'],
    ] as const) {
      const handle = await count(app, how, 5);
      await app.advance('1 hour');
      await expect(handle.result()).rejects.toThrow(message as string);
    }
    const declared = (await app.publish(Declared, { n: 0 })).of(WithSteps, 'root');
    await app.advance('1 hour');
    await expect(declared.result()).rejects.toThrow('declared steps follow it: they would never run');
    await expect(continueAsNew({})).rejects.toThrow(NoCurrentExecutionError);
  });

  it('keeps storage flat over thousands of turns', async () => {
    const handle = await count(app, 'long', 2_000);
    await app.settle();
    expect(await handle.result()).toEqual([2_000, 1]);
    expect(await handle.steps()).toHaveLength(1);
  }, 60_000);
});

it("is bounded by the handler's timeout, all turns together", async () => {
  const app = await TestApp.create({ workers: [Bounded] });
  const handle = (await app.publish(Counted, { n: 0, until: 0, how: '' })).of(Bounded, 'run');
  await app.advance('20 minutes');
  await expect(handle.result()).rejects.toThrow(TimeoutError);
  expect(notes).toHaveLength(9);
  await app.close();
});

it.each(stores)(
  'goes on wherever it crashes, on %s',
  async (_, store) => {
    await killAtEveryWrite({
      workers: [Counting],
      store,
      reset: () => {
        notes = [];
      },
      begin: async (app) => {
        await count(app, 'tick', 2);
        await count(app, 'children', 1);
      },
      drive: async (app) => {
        for (const n of [1, 2, 3]) await app.publish(Ticked, { key: 'k', n }, { id: `tick ${n}` });
        await app.advance('1h');
      },
      verify: async (app, where) => {
        const records = await app.executions.list();
        const outcomes = await Promise.all(records.map(({ id }) => app.execution(id).outcome()));
        const values = outcomes.map((each) => (each.success ? each.value : String(each.error)));
        expect([where, values]).toEqual([
          where,
          [
            [2, 1],
            [1, 1],
            [100, 1],
            [101, 1],
          ],
        ]);
        const ticks = [...new Set(notes.filter((note) => note.startsWith('tick')))];
        expect([where, ticks]).toEqual([where, ['tick 1', 'tick 2', 'tick 3']]);
      },
    });
  },
  120_000,
);
