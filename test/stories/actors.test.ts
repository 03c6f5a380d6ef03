import {
  Actor,
  type ActorContext,
  CancelledError,
  defineEvent,
  InstanceNotFoundError,
  InvalidEventError,
  type LifecycleEvent,
  memoryStore,
  NonRetryableError,
  OnAlarm,
  OnError,
  OnEvent,
  OnIdle,
  Retry,
  sleep,
  sqliteStore,
  Step,
  type Store,
} from 'holdfast';
import { z } from 'zod';
import { openApp } from './support/open-apps.js';

const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 1);

const Counted = defineEvent('counted', z.object({ id: z.string().min(1), by: z.number() }));
type Counted = { id: string; by: number };

const Count = z.object({ total: z.number() });
type Count = z.infer<typeof Count>;

/** What methods saw, in order. */
let seen: unknown[] = [];
beforeEach(() => {
  seen = [];
});

@Actor({ id: 'counter', state: Count, key: 'id' })
class Counter {
  @OnEvent(Counted)
  async count({ by }: Counted, ctx: ActorContext<Count>) {
    const before = ctx.state;
    await Promise.resolve();
    ctx.setState({ total: (before?.total ?? 0) + by });
    return ctx.eventCount;
  }
}

const Asked = defineEvent(
  'asked',
  z.object({
    id: z.string(),
    // What the method does, one after another.
    does: z.array(z.string()),
  }),
);
type Asked = { id: string; does: string[] };

const Notes = z.object({ notes: z.array(z.string()) });
type Notes = z.infer<typeof Notes>;

@Actor({ id: 'scripted', state: Notes, key: 'id' })
class Scripted {
  @OnEvent(Asked)
  async asked({ does }: Asked, ctx: ActorContext<Notes>) {
    const { eventCount, isFirstEvent, executeCount, instanceId, createdAt, attempt, isRetry } = ctx;
    seen.push({ eventCount, isFirstEvent, executeCount, instanceId, createdAt, attempt, isRetry });
    await this.play(does, ctx);
  }

  @OnAlarm()
  async rang(ctx: ActorContext<Notes>) {
    seen.push(['alarm', ctx.now(), ctx.executeCount, ctx.getScheduledTime()]);
    ctx.updateState((state) => ({ notes: [...(state?.notes ?? []), 'rang'] }));
    const { does = [] } = alarm;
    await this.play(does, ctx);
  }

  @OnIdle()
  async idle(ctx: ActorContext<Notes>) {
    seen.push(['idle', ctx.idleReason, ctx.getScheduledTime()]);
    await this.play(idle.does ?? [], ctx);
  }

  @Step()
  async work(name: string) {
    seen.push(['work', name]);
    return name;
  }

  private async play(does: readonly string[], ctx: ActorContext<Notes>) {
    for (const each of does) {
      const [verb = '', ...rest] = each.split(' ');
      const what = rest.join(' ');
      if (verb === 'note') ctx.updateState((state) => ({ notes: [...(state?.notes ?? []), what] }));
      if (verb === 'schedule') ctx.schedule(what as '5 minutes');
      if (verb === 'at') ctx.schedule(Number(what));
      if (verb === 'date') ctx.schedule(new Date(Number(what)));
      if (verb === 'cancel') ctx.cancelSchedule();
      if (verb === 'work') await this.work(what);
      if (verb === 'sleep') await sleep(what as '5 minutes');
      if (verb === 'fail') throw new NonRetryableError(what);
      if (verb === 'scheduled') seen.push(ctx.getScheduledTime());
      if (verb === 'terminate') await ctx.terminate(what === '' ? {} : { reason: what });
      if (verb === 'seen') seen.push(what);
    }
  }
}

/** What the alarm and the idle method of `Scripted` do. */
let alarm: { does?: string[] } = {};
let idle: { does?: string[] } = {};
beforeEach(() => {
  alarm = {};
  idle = {};
});

describe.each<[string, () => Store]>([
  ['memory', () => memoryStore()],
  ['SQLite', () => sqliteStore(':memory:')],
])('an actor, in %s', (_name, makeStore) => {
  it.each(['a:b', 'a\nb', '\u0000', 'ü/..', '7', 'x'.repeat(10_000), 'actor:counter:a'])(
    'may have any text as its id: %#',
    async (id) => {
      const app = await openApp([Counter], { store: makeStore() });
      const handle = app.actor(Counter);
      await handle.send({ event: { id, by: 1 } });
      await handle.send({ event: { id: `${id} `, by: 5 } });
      const { instanceId } = await handle.send({ event: { id, by: 2 } });
      expect(instanceId).toBe(`actor:counter:${id}`);
      expect((await handle.getState(id)).state).toEqual({ total: 3 });
      expect(await handle.terminate(id)).toMatchObject({ terminated: true });
      expect((await handle.status(id)).status).toBe('not_found');
      expect((await handle.getState(`${id} `)).state).toEqual({ total: 5 });
    },
  );

  it('D2 · D18 · keeps one state for each key, which the next message finds', async () => {
    const app = await openApp([Counter], { store: makeStore() });
    const counters = app.actor(Counter);
    await counters.send({ event: { id: 'a', by: 1 } });
    await counters.send({ event: { id: 'b', by: 10 } });
    await counters.send({ event: { id: 'a', by: 2 } });
    expect((await counters.getState('a')).state).toEqual({ total: 3 });
    expect((await counters.getState('b')).state).toEqual({ total: 10 });
  });

  it('D24 · tells whether a message created it, and what it is called', async () => {
    const app = await openApp([Counter], { store: makeStore() });
    const event = { id: 'a', by: 1 };
    const first = await app.actor(Counter).send({ event });
    const second = await app.actor(Counter).send({ event });
    expect(first).toEqual({ created: true, instanceId: 'actor:counter:a', scheduledAt: null });
    expect(second).toEqual({ created: false, instanceId: 'actor:counter:a', scheduledAt: null });
  });

  it('D36 · w5 · case 22 · applies five sends that come at once, one after another', async () => {
    const app = await openApp([Counter], { store: makeStore() });
    const sends = [1, 2, 3, 4, 5].map((by) => app.actor(Counter).send({ event: { id: 'a', by } }));
    const answers = await Promise.all(sends);
    expect(answers.filter(({ created }) => created)).toHaveLength(1);
    expect(await app.actor(Counter).getState('a')).toMatchObject({ state: { total: 15 }, version: 5 });
  });

  it('case 12 · applies 20 concurrent updates, sent and published', async () => {
    const app = await openApp([Counter], { store: makeStore() });
    await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        n % 2 === 0
          ? app.actor(Counter).send({ event: { id: 'a', by: 1 } })
          : app.execute(Counted, { id: 'a', by: 1 }),
      ),
    );
    expect((await app.actor(Counter).getState('a')).state).toEqual({ total: 20 });
  });

  it('D19 · gives its methods what they need to know of it', async () => {
    const app = await openApp([Scripted], { store: makeStore() });
    const asked = (...does: string[]) => app.actor(Scripted).send({ event: { id: 'a', does } });
    await asked('note one');
    await app.advance('1 minute');
    await asked('note two');
    const common = { instanceId: 'actor:scripted:a', createdAt: START, executeCount: 0 };
    const isRetry = false;
    expect(seen.filter((one) => !Array.isArray(one))).toEqual([
      { ...common, eventCount: 1, isFirstEvent: true, attempt: 1, isRetry },
      { ...common, eventCount: 2, isFirstEvent: false, attempt: 1, isRetry },
    ]);
    expect((await app.actor(Scripted).getState('a')).state).toEqual({ notes: ['one', 'two'] });
  });

  it('D20 · D21 · schedules by text, instant and Date; the last call wins, and the alarm comes then', async () => {
    const app = await openApp([Scripted], { store: makeStore() });
    const handle = app.actor(Scripted);
    const asked = (...does: string[]) => handle.send({ event: { id: 'a', does } });
    const { scheduledAt } = await asked(
      'schedule 1 minute',
      `at ${START + 9 * MINUTE}`,
      'schedule 5 minutes',
      'scheduled',
    );
    expect(scheduledAt).toBe(START + 5 * MINUTE);
    expect(await handle.status('a')).toEqual({
      status: 'active',
      scheduledAt: START + 5 * MINUTE,
      eventCount: 1,
      executeCount: 0,
      createdAt: START,
    });
    await app.advance('6 minutes');
    expect(seen).toContainEqual(['alarm', START + 5 * MINUTE, 1, null]);
    expect((await asked(`date ${START + 20 * MINUTE}`)).scheduledAt).toBe(START + 20 * MINUTE);
    expect((await asked('scheduled')).scheduledAt).toBe(START + 20 * MINUTE);
    expect((await asked('cancel', 'scheduled')).scheduledAt).toBeNull();
    await app.advance('1 hour');
    expect(seen.filter((one) => Array.isArray(one) && one[0] === 'alarm')).toHaveLength(1);
  });

  it('D22 · w4 · case 22 · runs @OnIdle after a message and after an alarm that leave nothing scheduled, in the same turn', async () => {
    const app = await openApp([Scripted], { store: makeStore() });
    const handle = app.actor(Scripted);
    await handle.send({ event: { id: 'a', does: ['schedule 1 minute'] } });
    expect(seen.filter(Array.isArray)).toEqual([]);
    await app.advance('2 minutes');
    expect(seen.filter(Array.isArray)).toEqual([
      ['alarm', START + MINUTE, 1, null],
      ['idle', 'alarm', null],
    ]);
    expect(await handle.status('a')).toMatchObject({ status: 'idle', scheduledAt: null, executeCount: 1 });
    idle = { does: ['note idle', 'schedule 1 hour'] };
    await handle.send({ event: { id: 'a', does: [] } });
    expect(seen.at(-1)).toEqual(['idle', 'event', null]);
    expect(await handle.status('a')).toMatchObject({ status: 'active', scheduledAt: START + 62 * MINUTE });
    expect((await handle.getState('a')).state).toEqual({ notes: ['rang', 'idle'] });
  });

  it('w4 · case 22 · never shows an alarm that has come, also while it runs', async () => {
    const app = await openApp([Scripted], { store: makeStore() });
    const handle = app.actor(Scripted);
    alarm = { does: ['sleep 1 hour'] };
    await handle.send({ event: { id: 'a', does: ['schedule 1 minute'] } });
    await app.advance('10 minutes');
    expect(await handle.status('a')).toMatchObject({ scheduledAt: null, executeCount: 0 });
    await app.advance('1 hour');
    expect(await handle.status('a')).toMatchObject({ status: 'idle', scheduledAt: null, executeCount: 1 });
  });

  it('D7 · w10 · stores nothing of a message that fails: no state, no alarm, no actor', async () => {
    const app = await openApp([Scripted], { store: makeStore() });
    const handle = app.actor(Scripted);
    const sent = handle.send({ event: { id: 'a', does: ['note lost', 'schedule 1 minute', 'fail no'] } });
    await expect(sent).rejects.toThrow(new NonRetryableError('no'));
    expect((await handle.status('a')).status).toBe('not_found');
    await app.advance('1 hour');
    expect(seen).toHaveLength(1);
  });

  it('w10 · creates no actor for an event that is not valid, or has no key', async () => {
    const app = await openApp([Counter], { store: makeStore() });
    const handle = app.actor(Counter);
    await expect(handle.send({ event: { id: 'a', by: 'many' as never } })).rejects.toThrow(InvalidEventError);
    await expect(handle.send({ event: { id: '', by: 1 } })).rejects.toThrow(InvalidEventError);
    expect(await handle.status('a')).toEqual({
      status: 'not_found',
      scheduledAt: null,
      eventCount: 0,
      executeCount: 0,
      createdAt: null,
    });
    await expect(handle.getState('a')).rejects.toThrow(new InstanceNotFoundError('actor:counter:a'));
    expect(await app.executions.list()).toEqual([]);
  });

  it('D24 · runs the alarm now on trigger, instead of the one that is scheduled', async () => {
    const app = await openApp([Scripted], { store: makeStore() });
    const handle = app.actor(Scripted);
    expect(await handle.trigger('a')).toEqual({ triggered: false });
    await handle.send({ event: { id: 'a', does: ['schedule 1 hour'] } });
    expect(await handle.trigger('a')).toEqual({ triggered: true });
    expect(await handle.status('a')).toMatchObject({ status: 'idle', executeCount: 1 });
    await app.advance('2 hours');
    expect(await handle.status('a')).toMatchObject({ executeCount: 1 });
  });

  it('D26 · ends on terminate: the alarm is dropped, the id may be used anew', async () => {
    const app = await openApp([Scripted], { store: makeStore() });
    const handle = app.actor(Scripted);
    await handle.send({ event: { id: 'a', does: ['note one', 'schedule 1 minute'] } });
    expect(await handle.terminate('a', { reason: 'enough' })).toEqual({ terminated: true, reason: 'enough' });
    expect(await handle.terminate('a')).toEqual({ terminated: false, reason: null });
    expect((await handle.status('a')).status).toBe('not_found');
    await app.advance('1 hour');
    expect(seen.filter(Array.isArray)).toEqual([]);
    expect(await handle.send({ event: { id: 'a', does: ['note two'] } })).toMatchObject({ created: true });
    expect(await handle.getState('a')).toMatchObject({ state: { notes: ['two'] }, version: 1 });
  });

  it('w11 · terminated while a message is handled, it does not come back when that ends', async () => {
    const app = await openApp([Scripted], { store: makeStore() });
    const handle = app.actor(Scripted);
    await handle.send({ event: { id: 'a', does: ['note one'] } });
    const running = handle.send({ event: { id: 'a', does: ['sleep 1 hour', 'note late'] } });
    const queued = handle.send({ event: { id: 'a', does: ['note later'] } });
    running.catch(() => {});
    queued.catch(() => {});
    await app.advance('1 minute');
    await handle.terminate('a');
    await app.settle();
    await expect(running).rejects.toThrow(CancelledError);
    await expect(queued).rejects.toThrow(CancelledError);
    await app.advance('2 hours');
    expect((await handle.status('a')).status).toBe('not_found');
  });

  it('terminated before its first message has ended, that and what waits is cancelled, and it never comes to be', async () => {
    const app = await openApp([Scripted], { store: makeStore() });
    const handle = app.actor(Scripted);
    const first = handle.send({ event: { id: 'a', does: ['sleep 1 hour', 'note late'] } });
    const queued = handle.send({ event: { id: 'a', does: ['note later'] } });
    first.catch(() => {});
    queued.catch(() => {});
    await app.advance('1 minute');
    expect(await handle.terminate('b')).toEqual({ terminated: false, reason: null });
    expect(await handle.terminate('a')).toEqual({ terminated: true, reason: null });
    await app.settle();
    expect(await handle.terminate('a')).toEqual({ terminated: false, reason: null });
    await expect(first).rejects.toThrow(CancelledError);
    await expect(queued).rejects.toThrow(CancelledError);
    await app.advance('2 hours');
    expect((await handle.status('a')).status).toBe('not_found');
    expect(await handle.send({ event: { id: 'a', does: ['note new'] } })).toMatchObject({ created: true });
  });

  it('D19 · D26 · ends itself with ctx.terminate(): nothing after the call runs, what waits finds a new actor', async () => {
    const app = await openApp([Scripted], { store: makeStore() });
    const handle = app.actor(Scripted);
    const told: LifecycleEvent[] = [];
    app.on('actor.terminated', (event) => told.push(event));
    await handle.send({ event: { id: 'a', does: ['note one', 'schedule 1 minute'] } });
    const [ended, next] = await Promise.all([
      handle.send({ event: { id: 'a', does: ['terminate done', 'seen after'] } }),
      handle.send({ event: { id: 'a', does: ['note new'] } }),
    ]);
    expect(ended).toMatchObject({ created: false });
    expect(next).toMatchObject({ created: true });
    expect(seen).not.toContain('after');
    expect((await handle.getState('a')).state).toEqual({ notes: ['new'] });
    expect(told).toMatchObject([{ reason: 'done', instanceId: 'actor:scripted:a', worker: 'scripted' }]);
    const both = await handle.send({ event: { id: 'b', does: ['terminate'] } });
    expect(both).toEqual({ created: true, instanceId: 'actor:scripted:b', scheduledAt: null });
    expect((await handle.status('b')).status).toBe('not_found');
  });

  it('holds no slot after ctx.terminate()', async () => {
    const app = await openApp([Scripted], { store: makeStore(), concurrency: 1 });
    const handle = app.actor(Scripted);
    for (const id of ['a', 'b', 'c']) await handle.send({ event: { id, does: ['terminate'] } });
    expect(await handle.send({ event: { id: 'd', does: ['note on'] } })).toMatchObject({ created: true });
    const { running } = await app.stats();
    expect(running).toBe(0);
    await app.stop();
  });

  it('waits with the next message until a turn has ended, whatever that waits for', async () => {
    const app = await openApp([Scripted], { store: makeStore() });
    const handle = app.actor(Scripted);
    const first = handle.send({
      event: { id: 'a', does: ['note 1', 'sleep 1 hour', 'work step', 'note 2'] },
    });
    const second = handle.send({ event: { id: 'a', does: ['note 3'] } });
    const other = await handle.send({ event: { id: 'b', does: ['note other'] } });
    expect(other.created).toBe(true);
    await app.advance('30 minutes');
    expect((await handle.status('a')).status).toBe('not_found');
    await app.advance('1 hour');
    await Promise.all([first, second]);
    expect((await handle.getState('a')).state).toEqual({ notes: ['1', '2', '3'] });
  });
});

@Actor({ id: 'strict', state: Count, key: 'id' })
class Strict {
  static failures = 0;

  @OnEvent(Counted)
  @Retry({ maxAttempts: 3, backoff: { kind: 'fixed', delay: '1 minute' }, jitter: 0 })
  count({ by }: Counted, ctx: ActorContext<Count>) {
    seen.push(['count', by, ctx.attempt, ctx.isRetry]);
    ctx.setState({ total: by });
    ctx.schedule('1 hour');
    if (by < 0) throw new Error(`cannot count ${by}`);
  }

  @OnAlarm()
  rang(ctx: ActorContext<Count>) {
    ctx.setState({ total: 99 });
    throw new NonRetryableError('rang');
  }

  @OnError()
  async failed(error: Error, ctx: ActorContext<Count>) {
    seen.push([error.message, ctx.errorSource, ctx.state]);
    await this.record(error.message);
    if (error.message.endsWith('-13')) throw error;
    ctx.setState({ total: -1 });
    if (!error.message.endsWith('-7')) ctx.schedule('1 day');
  }

  @Step()
  async record(message: string) {
    seen.push(`recorded ${message}`);
  }
}

describe.each<[string, () => Store]>([
  ['memory', () => memoryStore()],
  ['SQLite', () => sqliteStore(':memory:')],
])('a message that fails, in %s', (_name, makeStore) => {
  it('D23 · is taken by @OnError when its attempts are spent: what that changes is stored, and the message counts', async () => {
    const app = await openApp([Strict], { store: makeStore() });
    const handle = app.actor(Strict);
    const sent = handle.send({ event: { id: 'a', by: -5 } });
    await app.advance('5 minutes');
    expect(await sent).toMatchObject({ created: true, scheduledAt: START + 2 * MINUTE + 24 * 60 * MINUTE });
    expect(seen).toEqual([
      ['count', -5, 1, false],
      ['count', -5, 2, true],
      ['count', -5, 3, true],
      ['cannot count -5', 'event', null],
      'recorded cannot count -5',
    ]);
    expect(await handle.getState('a')).toMatchObject({ state: { total: -1 }, version: 1 });
    expect(await handle.status('a')).toMatchObject({ eventCount: 1 });
  });

  it('may be tested with other methods in place of those of the actor', async () => {
    const app = await openApp([Strict], { store: makeStore() });
    const handle = app.actor(Strict);
    app.override(Strict, 'failed', (error, ctx) => ctx.setState({ total: error.message.length }));
    app.override(Strict, 'count', () => {
      throw new NonRetryableError('four');
    });
    await handle.send({ event: { id: 'a', by: 1 } });
    expect((await handle.getState('a')).state).toEqual({ total: 4 });
    const run = await app.run(Strict, 'count', { id: 'b', by: 1 });
    expect(run.status).toBe('completed');
    expect((await handle.getState('b')).state).toEqual({ total: 4 });
  });

  it('leaves no alarm that its failed method scheduled', async () => {
    const app = await openApp([Strict], { store: makeStore() });
    const handle = app.actor(Strict);
    const sent = handle.send({ event: { id: 'a', by: -7 } });
    await app.advance('5 minutes');
    expect(await sent).toMatchObject({ created: true, scheduledAt: null });
    expect(await handle.status('a')).toMatchObject({ status: 'idle' });
  });

  it('is parked when @OnError throws; the key goes on with the next', async () => {
    const app = await openApp([Strict], { store: makeStore() });
    const handle = app.actor(Strict);
    const sent = handle.send({ event: { id: 'a', by: -13 } });
    const next = handle.send({ event: { id: 'a', by: 7 } });
    sent.catch(() => {});
    await app.advance('5 minutes');
    await expect(sent).rejects.toThrow('cannot count -13');
    await next;
    expect((await handle.getState('a')).state).toEqual({ total: 7 });
    expect(await app.executions.list({ status: 'parked' })).toHaveLength(1);
  });

  it('of an alarm is taken too, and tells so', async () => {
    const app = await openApp([Strict], { store: makeStore() });
    const handle = app.actor(Strict);
    await handle.send({ event: { id: 'a', by: 3 } });
    await app.advance('61 minutes');
    expect(seen).toContainEqual(['rang', 'alarm', { total: 3 }]);
    expect(await handle.status('a')).toMatchObject({ executeCount: 1, status: 'active' });
    expect((await handle.getState('a')).state).toEqual({ total: -1 });
  });
});
