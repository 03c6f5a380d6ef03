import 'reflect-metadata';
import { IsString } from 'class-validator';
import {
  CLOCK,
  type Clock,
  Compensate,
  Event,
  execution,
  fixed,
  memoryStore,
  NoCurrentExecutionError,
  NonRetryableError,
  OnEvent,
  race,
  Retry,
  sleep,
  sqliteStore,
  Step,
  Timeout,
  waitFor,
  Worker,
} from '../../lib/entries/index.js';
import { TestApp } from '../../lib/entries/testing.js';
import { killAtEveryWrite } from './support/crash-points.js';

@Event('asked')
class Asked {
  @IsString() id!: string;
  @IsString() how!: string;
}

@Event('answered', { correlate: 'id' })
class Answered {
  @IsString() id!: string;
  @IsString() by!: string;

  shout(): string {
    return this.by.toUpperCase();
  }
}

let ran: string[] = [];
let aborted: unknown[] = [];
let failures = 0;

@Worker({ id: 'asking', inject: [CLOCK] })
class Asking {
  constructor(private readonly clock: Clock) {}

  @OnEvent(Asked)
  async ask({ id, how }: Asked): Promise<unknown> {
    if (how === 'reminder') return this.remind(id);
    if (how === 'later') return this.later(id);
    if (how === 'twice') return this.twice(id);
    if (how === 'slow') {
      const first = await race({ slow: () => this.slow(id), none: () => sleep('1s') });
      return [first.winner, await this.note('after')];
    }
    if (how === 'failing') return race({ bad: () => this.bad(id), none: () => sleep('1h') });
    if (how === 'retrying') return race({ again: () => this.again(id), none: () => sleep('1s') });
    if (how === 'tried') return this.inTime(id);
    if (how === 'beside') return (await Promise.all([this.inTime(id), this.busy()]))[0];
    if (how === 'by hand') return this.first(id);
    if (how === 'and more') {
      const first = await this.first(id);
      return [first, await this.call(`${id} again`)];
    }
    if (how === 'list') return race([() => sleep('1s')] as never);
    if (how === 'undone') {
      await race({ booked: () => this.book(id), none: () => this.slow(id) });
      throw new NonRetryableError('no');
    }
    return race({});
  }

  private async remind(id: string): Promise<unknown> {
    for (let reminders = 0; ; reminders++) {
      const first = await race({
        answer: () => waitFor(Answered, { key: id }),
        reminder: () => sleep('1 day'),
      });
      if (first.winner === 'answer') return [reminders, first.value instanceof Answered, first.value.shout()];
      await this.note(`reminder ${reminders}`);
    }
  }

  /** The branch that lost was given an event that it had not received. */
  private async later(id: string): Promise<unknown> {
    const first = await race({
      note: () => this.note('first'),
      late: async () => {
        await sleep('1h');
        return waitFor(Answered, { key: id });
      },
      answer: async () => (await waitFor(Answered, { key: id })).by,
    });
    const next = await waitFor(Answered, { key: id });
    return [first.winner, next.by];
  }

  /** What a branch received is received; what it did not is the next one's. */
  private async twice(id: string): Promise<unknown> {
    const first = await race({
      both: async () => {
        const one = await waitFor(Answered, { key: id });
        return [one.by, (await waitFor(Answered, { key: id })).by];
      },
      time: () => sleep('2h'),
    });
    return [first.winner, (await waitFor(Answered, { key: id })).by];
  }

  @Step() async note(text: string) {
    ran.push(text);
    return text;
  }

  @Step() async slow(id: string) {
    const { signal } = execution();
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => {
        aborted.push((signal.reason as Error).message);
        resolve();
      });
    });
    return id;
  }

  @Step() async bad(id: string): Promise<string> {
    throw new RangeError(`bad ${id}`);
  }

  @Step()
  @Retry({ maxAttempts: 5, backoff: fixed('1h') })
  async again(id: string): Promise<string> {
    throw new Error(`again ${id}`);
  }

  @Step()
  @Retry({ maxAttempts: 3, backoff: fixed('2h') })
  async inTime(id: string): Promise<unknown> {
    return this.first(id);
  }

  @Step()
  @Timeout('20h')
  async busy(): Promise<void> {
    await sleep('30s');
    await new Promise<void>((resolve) => void this.clock.setTimer(36_000_000, resolve));
  }

  private async first(id: string): Promise<unknown> {
    return race({
      call: async () => {
        await sleep('1 minute');
        return this.call(id);
      },
      time: () => sleep('1h'),
      answer: () => waitFor(Answered, { key: id, timeout: '1h' }),
    });
  }

  @Step()
  @Retry({ maxAttempts: 1 })
  async call(id: string): Promise<string> {
    ran.push('call');
    if (failures-- > 0) throw new Error(`no line to ${id}`);
    return id;
  }

  @Step() async book(id: string) {
    ran.push(`booked ${id}`);
    return id;
  }

  @Compensate('book') async unbook(id: string) {
    ran.push(`unbooked ${id}`);
  }
}

const stores = [
  ['memory', () => memoryStore()],
  ['SQLite', () => sqliteStore(':memory:')],
] as const;

beforeEach(() => {
  ran = [];
  aborted = [];
  failures = 0;
});

async function ask(app: TestApp, how: string, id = 'q-1') {
  return (await app.publish(Asked, { id, how }, { id: `${how} ${id}` })).of(Asking, 'ask');
}

describe.each(stores)('race on %s', (_, store) => {
  let app: TestApp;
  beforeEach(async () => {
    app = await TestApp.create({ workers: [Asking], store: store() });
  });
  afterEach(() => app.close());

  it('gives the name and the value of the branch that was first, an event as its class', async () => {
    const handle = await ask(app, 'reminder');
    await app.advance('2 days');
    await app.publish(Answered, { id: 'q-1', by: 'ada' });
    expect(await handle.result()).toEqual([2, true, 'ADA']);
    expect(ran).toEqual(['reminder 0', 'reminder 1']);
  });

  it('an event that a lost branch had not received is there for the next wait', async () => {
    const handle = await ask(app, 'later');
    await app.settle();
    await app.publish(Answered, { id: 'q-1', by: 'ada' });
    expect(await handle.result()).toEqual(['note', 'ada']);
  });

  it('an event that a lost branch had received is not given again', async () => {
    const handle = await ask(app, 'twice');
    await app.settle();
    await app.publish(Answered, { id: 'q-1', by: 'ada' });
    await app.advance('2h');
    await app.publish(Answered, { id: 'q-1', by: 'bob' });
    expect(await handle.result()).toEqual(['time', 'bob']);
  });

  it('a step body that lost is told by its signal, and its value is ignored', async () => {
    const handle = await ask(app, 'slow');
    await app.advance('1s');
    expect(await handle.result()).toEqual(['none', 'after']);
    expect(aborted).toEqual(["branch 'none' of ask/race settled first"]);
    expect(
      (await handle.steps()).filter(({ status }) => status === 'completed').map(({ path }) => path),
    ).toEqual(['ask/race/branch/sleep', 'ask/race', 'ask/note']);
  });

  it('fails with the error of a branch that fails first, and holds no timer of the others', async () => {
    const handle = await ask(app, 'failing');
    await app.advance('1 minute');
    await expect(handle.result()).rejects.toThrow(new RangeError('bad q-1'));
    expect(await handle.status()).toBe('failed');
  });

  it('a retry of a branch that lost stands not in the way of the end', async () => {
    const handle = await ask(app, 'retrying');
    await app.advance('1s');
    expect(await handle.result()).toEqual({ winner: 'none' });
  });

  it('the winner repeats after a crash, and no branch runs again', async () => {
    const handle = await ask(app, 'reminder');
    await app.advance('1 day');
    await app.crash();
    await app.restart();
    await app.advance('1 day');
    await app.publish(Answered, { id: 'q-1', by: 'ada' });
    expect(await handle.result()).toEqual([2, true, 'ADA']);
    expect(ran).toEqual(['reminder 0', 'reminder 1']);
  });

  it('a result of the winner is undone when the execution fails', async () => {
    const handle = await ask(app, 'undone');
    await expect(handle.result()).rejects.toThrow('no');
    expect(ran).toEqual(['booked q-1', 'unbooked q-1']);
  });

  it.each([
    ['the next attempt of its step', 'tried', async () => {}],
    [
      'the next attempt of its step in the pass that it failed in, and not the one it began in',
      'beside',
      async () => {},
    ],
    ['a crash and the next attempt', 'tried', async () => app.crash().then(() => app.restart())],
    ['retry()', 'by hand', async (handle: { retry(): Promise<unknown> }) => handle.retry()],
  ] as const)('the times of a race that failed begin anew with it, by %s', async (_by, how, again) => {
    failures = 1;
    const handle = await ask(app, how);
    await app.advance('1h');
    await again(handle);
    await app.advance('12h');
    expect(await handle.result()).toEqual({ winner: 'call', value: 'q-1' });
    expect(ran).toEqual(['call', 'call']);
  });

  it('the times of a race begin anew with it, by retry({ from }) of a step in it', async () => {
    const handle = await ask(app, 'and more');
    await app.advance('3h');
    expect(ran).toEqual(['call', 'call']);
    await handle.retry({ from: 'race/branch/call' });
    await app.settle();
    expect(await handle.result()).toEqual([{ winner: 'call', value: 'q-1' }, 'q-1 again']);
    expect(ran).toHaveLength(4);
  });

  it('takes functions, and only in an execution', async () => {
    await expect((await ask(app, 'none')).result()).rejects.toThrow(NonRetryableError);
    await expect((await ask(app, 'list', 'q-9')).result()).rejects.toThrow('race() takes an object with');
    await expect(race({ a: () => 1 })).rejects.toThrow(NoCurrentExecutionError);
  });
});

it.each(stores)(
  'crashes at every write change nothing, on %s',
  async (_, store) => {
    const writes = await killAtEveryWrite({
      workers: [Asking],
      store,
      reset: () => {
        ran = [];
      },
      begin: async (app) => {
        await ask(app, 'later');
        await ask(app, 'twice', 'q-2');
      },
      drive: async (app) => {
        await app.settle();
        for (const [id, by] of [
          ['q-1', 'ada'],
          ['q-2', 'ada'],
        ] as const)
          await app.publish(Answered, { id, by }, { id: `${id} ${by}` });
        await app.advance('2h');
        await app.publish(Answered, { id: 'q-2', by: 'bob' }, { id: 'q-2 bob' });
        await app.settle();
      },
      verify: async (app, where) => {
        const [first, second] = await app.executions.list();
        const values = await Promise.all(
          [first, second].map((each) => app.execution(each?.id ?? '').outcome()),
        );
        expect([where, values.map((each) => (each.success ? each.value : String(each.error)))]).toEqual([
          where,
          [
            ['note', 'ada'],
            ['time', 'bob'],
          ],
        ]);
      },
    });
    expect(writes).toBeGreaterThan(5);
  },
  120_000,
);
