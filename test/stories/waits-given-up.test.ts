import 'reflect-metadata';
import { IsNumber, IsString } from 'class-validator';
import {
  Event,
  fixed,
  memoryStore,
  OnEvent,
  race,
  Retry,
  run,
  sleep,
  sqliteStore,
  step,
  Step,
  Timeout,
  waitFor,
  waitForAny,
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
  @IsNumber() n!: number;
}

@Event('other', { correlate: 'id' })
class Other {
  @IsString() id!: string;
  @IsNumber() n!: number;
}

@Event('sub')
class Sub {
  @IsString() id!: string;
  @IsString() how!: string;
}

let ran: string[] = [];
let fails = 0;

@Worker('subs')
class Subs {
  @OnEvent(Sub)
  async sub({ id, how }: Sub): Promise<string> {
    ran.push(`sub ${id} ${how}`);
    await sleep('1h');
    return `${id}!`;
  }
}

@Worker('asking')
class Asking {
  @OnEvent(Asked)
  @Retry({ maxAttempts: 3, backoff: fixed('1 minute') })
  async ask({ id, how }: Asked): Promise<unknown> {
    if (how === 'step') {
      const first = await race({
        got: async () => {
          await this.within(id);
          await sleep('2h');
        },
        time: () => sleep('1h'),
      });
      return [first.winner, (await waitFor(Answered, { key: id, timeout: '1 day' }))?.n ?? null];
    }
    if (how === 'inner') {
      const first = await race({
        got: async () => {
          await race({ a: () => waitFor(Answered, { key: id }), b: () => sleep('1 day') });
          await sleep('2h');
        },
        time: () => sleep('1h'),
      });
      return [first.winner, (await waitFor(Answered, { key: id, timeout: '1 day' }))?.n ?? null];
    }
    if (how === 'inner any') {
      const first = await race({
        got: async () => {
          await race({ a: () => waitForAny([Other, Answered], { key: id }), b: () => sleep('1 day') });
          await sleep('2h');
        },
        time: () => sleep('1h'),
      });
      return [first.winner, (await waitFor(Answered, { key: id, timeout: '1 day' }))?.n ?? null];
    }
    if (how === 'child') {
      const first = await race({
        child: () => run(Subs, 'sub', { id, how }),
        check: async () => {
          await sleep('1 minute');
          if (fails-- > 0) throw new Error('not now');
          await sleep('1 day');
        },
      });
      return [first.winner, first.value];
    }
    if (how === 'child in step') return this.stepped(id);
    if (how === 'parked') {
      await step('first', () => 1);
      return Promise.all([run(Subs, 'sub', { id, how }), sleep('1s').then(() => this.parks())]);
    }
    if (how === 'timeout') {
      const got = await this.timed(id).catch((error: Error) => error.name);
      return [got, (await waitFor(Answered, { key: id, timeout: '1 day' }))?.n ?? null];
    }
    return null;
  }

  @Step()
  async within(id: string): Promise<number> {
    return (await waitFor(Answered, { key: id })).n;
  }

  @Step()
  @Retry({ maxAttempts: 3, backoff: fixed('1s') })
  async stepped(id: string): Promise<unknown> {
    const first = await race({
      child: () => run(Subs, 'sub', { id, how: 'stepped' }),
      check: async () => {
        await sleep('1s');
        if (fails-- > 0) throw new Error('not now');
        await sleep('1 day');
      },
    });
    return [first.winner, first.value];
  }

  @Step()
  @Retry({ maxAttempts: 1, onExhausted: 'park' })
  async parks(): Promise<string> {
    if (fails-- > 0) throw new Error('parks');
    return 'ok';
  }

  @Step()
  @Timeout('1 minute')
  @Retry({ maxAttempts: 1, onExhausted: () => {} })
  async timed(id: string): Promise<unknown> {
    return Promise.race([
      waitFor(Answered, { key: id }),
      run(Subs, 'sub', { id, how: 'timed' }),
      step('hangs', () => new Promise(() => {})),
    ]);
  }
}

beforeEach(() => {
  ran = [];
  fails = 0;
});

describe.each([
  ['memory', () => memoryStore()],
  ['SQLite', () => sqliteStore(':memory:')],
] as const)('what was given up, on %s', (_, store) => {
  let app: TestApp;
  beforeEach(async () => {
    app = await TestApp.create({ workers: [Asking, Subs], store: store() });
  });
  afterEach(() => app.close());

  it.each(['step', 'inner', 'inner any'])(
    'an event that code of a lost branch received is not given again: %s',
    async (how) => {
      const handle = (await app.publish(Asked, { id: 'o', how })).of(Asking, 'ask');
      await app.settle();
      await app.publish(Answered, { id: 'o', n: 1 });
      await app.advance('90 minutes');
      await app.publish(Answered, { id: 'o', n: 2 });
      await app.advance('2 days');
      expect(await handle.result()).toEqual(['time', 2]);
    },
  );

  it.each(['child', 'child in step'])('a child that a failed race took down begins anew: %s', async (how) => {
    fails = 1;
    const handle = (await app.publish(Asked, { id: 'o', how })).of(Asking, 'ask');
    await app.settle();
    await app.advance('2 days');
    expect(await handle.result()).toEqual(['child', 'o!']);
  });

  it('a child that a retry forgets does not go on beside the one that it begins', async () => {
    fails = 1;
    const handle = (await app.publish(Asked, { id: 'o', how: 'parked' })).of(Asking, 'ask');
    await app.advance('10s');
    expect(await handle.status()).toBe('parked');
    await handle.retry({ from: 'first' });
    await app.settle();
    expect(
      (await app.executions.list()).filter(({ worker }) => worker === 'subs').map(({ status }) => status),
    ).toEqual(['cancelled', 'waiting']);
    await app.advance('2h');
    expect(await handle.result()).toEqual(['o!', 'ok']);
  });

  it('what a step that timed out waited for is not in the way of others', async () => {
    const handle = (await app.publish(Asked, { id: 'o', how: 'timeout' })).of(Asking, 'ask');
    await app.advance('10 minutes');
    expect((await app.executions.list()).map(({ status }) => status)).toEqual(['waiting', 'cancelled']);
    await app.publish(Answered, { id: 'o', n: 1 });
    await app.settle();
    expect(await handle.result()).toEqual(['TimeoutError', 1]);
  });
});

it('what was given up stays so, wherever the process dies', async () => {
  const hows = ['inner any', 'child'];
  const handles = (tested: TestApp) =>
    Promise.all(
      hows.map(async (how) => (await tested.publish(Asked, { id: how, how }, { id: how })).of(Asking, 'ask')),
    );
  const writes = await killAtEveryWrite({
    workers: [Asking, Subs],
    reset: () => {
      fails = 1;
    },
    begin: handles,
    drive: async (tested) => {
      await tested.settle();
      for (const how of hows.slice(0, 1))
        await tested.publish(Answered, { id: how, n: 1 }, { id: `${how} 1` });
      await tested.advance('90 minutes');
      for (const how of hows.slice(0, 1))
        await tested.publish(Answered, { id: how, n: 2 }, { id: `${how} 2` });
      await tested.advance('1 day');
    },
    verify: async (tested, where) => {
      const ended = await Promise.all((await handles(tested)).map((handle) => handle.outcome()));
      expect([where, ...ended.map((each) => ('value' in each ? each.value : each))]).toEqual([
        where,
        ['time', 2],
        ['child', 'child!'],
      ]);
      const open = (await tested.executions.list()).filter(
        ({ status }) => status !== 'completed' && status !== 'cancelled',
      );
      expect([where, open]).toEqual([where, []]);
    },
  });
  expect(writes).toBeGreaterThan(10);
}, 120_000);
