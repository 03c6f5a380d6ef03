import 'reflect-metadata';
import { IsString } from 'class-validator';
import { z } from 'zod';
import {
  defineEvent,
  Event,
  memoryStore,
  NoCurrentExecutionError,
  NonRetryableError,
  OnEvent,
  sqliteStore,
  type Store,
  waitFor,
  waitForAll,
  waitForAny,
  Worker,
} from '../../lib/entries/index.js';
import { TestApp } from '../../lib/entries/testing.js';
import { killAtEveryWrite } from './support/crash-points.js';

@Event('placed')
class Placed {
  @IsString() id!: string;
  @IsString() how!: string;
}

@Event('approved', { correlate: 'id' })
class Approved {
  @IsString() id!: string;
  @IsString() by!: string;
}

@Event('rejected', { correlate: 'id' })
class Rejected {
  @IsString() id!: string;
  @IsString() why!: string;
}

const Blocked = defineEvent('blocked', z.object({ user: z.string(), at: z.coerce.date() }), {
  correlate: 'user',
});

@Worker('desk')
class Desk {
  @OnEvent(Placed)
  async decide({ id, how }: Placed): Promise<unknown> {
    if (how === 'any') {
      const first = await waitForAny([Approved, Rejected], { key: id, timeout: '1 day' });
      if (first === null) return ['null', await this.rest(id)];
      return [first instanceof Rejected ? `no: ${first.why}` : `yes: ${first.by}`, await this.rest(id)];
    }
    if (how === 'keys') {
      const first = await waitForAny([
        [Approved, id],
        [Blocked, 'ann'],
      ]);
      return first instanceof Approved ? first.by : first.at;
    }
    if (how === 'all') {
      const both = await waitForAll([Approved, Rejected], { key: id, timeout: '1 day' });
      if (both === null) return ['null', await this.rest(id)];
      return [both[0].by, both[1] instanceof Rejected, both[1].why];
    }
    if (how === 'same') {
      const two = await waitForAll([Approved, Approved], { key: id });
      return two.map(({ by }) => by);
    }
    if (how === 'one') return (await waitForAll([Approved], { key: id })).map(({ by }) => by);
    return waitForAny([] as never, { key: id });
  }

  /** What is left of it for later waits. */
  private async rest(id: string): Promise<unknown> {
    const approved = await waitFor(Approved, { key: id, timeout: '1 hour' });
    const rejected = await waitFor(Rejected, { key: id, timeout: '1 hour' });
    return [approved?.by ?? null, rejected?.why ?? null];
  }
}

const stores: readonly (readonly [string, () => Store])[] = [
  ['memory', () => memoryStore()],
  ['SQLite', () => sqliteStore(':memory:')],
];

const place = async (app: TestApp, how: string, id = how) =>
  (await app.publish(Placed, { id, how }, { id: `placed ${id}` })).of(Desk, 'decide');

describe.each(stores)('waits for several events on %s', (_, store) => {
  let app: TestApp;
  beforeEach(async () => {
    app = await TestApp.create({ workers: [Desk], store: store() });
  });
  afterEach(() => app.close());

  it('waitForAny gives the first, and the others are there for later waits', async () => {
    const handle = await place(app, 'any');
    await app.settle();
    await app.publish(Rejected, { id: 'any', why: 'price' });
    await app.publish(Approved, { id: 'any', by: 'ada' });
    await app.advance('3 hours');
    expect(await handle.result()).toEqual(['no: price', ['ada', null]]);
  });

  it('the first is the one that was accepted first, though both came before it waited', async () => {
    const handle = await place(app, 'any');
    await app.publish(Rejected, { id: 'any', why: 'price' });
    await app.publish(Approved, { id: 'any', by: 'ada' });
    await app.advance('3 hours');
    expect(await handle.result()).toEqual(['no: price', ['ada', null]]);
  });

  it('waitForAny gives null when none came in time, and takes nothing that comes later', async () => {
    const handle = await place(app, 'any');
    await app.advance('1 day');
    await app.publish(Rejected, { id: 'any', why: 'late' });
    await app.advance('3 hours');
    expect(await handle.result()).toEqual(['null', [null, 'late']]);
  });

  it('events may have keys of their own, and be of schemas', async () => {
    const handle = await place(app, 'keys');
    await app.settle();
    await app.publish(Blocked, { user: 'bob', at: '2026-01-01' });
    await app.settle();
    expect(await handle.status()).toBe('waiting');
    await app.publish(Blocked, { user: 'ann', at: '2026-01-02' });
    expect(await handle.result()).toEqual(new Date('2026-01-02'));
  });

  it('waitForAll gives all in the order of the list', async () => {
    const handle = await place(app, 'all');
    await app.publish(Rejected, { id: 'all', why: 'price' });
    await app.advance('2 hours');
    expect(await handle.status()).toBe('waiting');
    await app.crash();
    await app.restart();
    await app.publish(Approved, { id: 'all', by: 'ada' });
    await app.advance('1 minute');
    expect(await app.execution(handle.id).result()).toEqual(['ada', true, 'price']);
  });

  it('waitForAll gives null when one is missing, and the others back', async () => {
    const handle = await place(app, 'all');
    await app.publish(Rejected, { id: 'all', why: 'price' });
    await app.advance('2 days');
    expect(await handle.result()).toEqual(['null', [null, 'price']]);
  });

  it('the same event twice is two events; a list of one is a list', async () => {
    const same = await place(app, 'same');
    const one = await place(app, 'one');
    for (const by of ['ada', 'bob']) await app.publish(Approved, { id: 'same', by });
    await app.publish(Approved, { id: 'one', by: 'cyd' });
    expect(await same.result()).toEqual(['ada', 'bob']);
    expect(await one.result()).toEqual(['cyd']);
  });

  it('an empty list is refused, and so is a call outside an execution', async () => {
    await expect((await place(app, 'none')).result()).rejects.toThrow(NonRetryableError);
    await expect(waitForAny([Approved], { key: 'x' })).rejects.toThrow(NoCurrentExecutionError);
    await expect(waitForAll([Approved], { key: 'x' })).rejects.toThrow(NoCurrentExecutionError);
  });
});

it.each(stores)(
  'have one outcome wherever it crashes, on %s',
  async (_, store) => {
    await killAtEveryWrite({
      workers: [Desk],
      store,
      reset: () => {},
      begin: async (app) => {
        await place(app, 'any');
        await place(app, 'all');
      },
      drive: async (app) => {
        await app.settle();
        await app.publish(Rejected, { id: 'any', why: 'price' }, { id: 'r' });
        await app.publish(Approved, { id: 'any', by: 'ada' }, { id: 'a' });
        await app.publish(Rejected, { id: 'all', why: 'price' }, { id: 'r2' });
        await app.advance('2 days');
      },
      verify: async (app, where) => {
        const records = await app.executions.list();
        const outcomes = await Promise.all(records.map(({ id }) => app.execution(id).outcome()));
        const values = outcomes.map((each) => (each.success ? each.value : String(each.error)));
        expect([where, values]).toEqual([
          where,
          [
            ['no: price', ['ada', null]],
            ['null', [null, 'price']],
          ],
        ]);
      },
    });
  },
  120_000,
);
