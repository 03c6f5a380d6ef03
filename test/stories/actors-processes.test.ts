import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Actor,
  type ActorContext,
  bootstrap,
  defineEvent,
  defineEvents,
  EventConflictError,
  ExecutionStateError,
  InvalidEventError,
  type LifecycleEvent,
  memoryStore,
  NonRetryableError,
  NotStartedError,
  OnAlarm,
  OnError,
  OnEvent,
  OnIdle,
  silentLogger,
  sleep,
  sqliteStore,
  Step,
  type Store,
  WORKER_APP,
  Worker,
  type WorkerApp,
} from 'holdfast';
import { z } from 'zod';
import { killAtEveryWrite } from './support/crash-points.js';
import { openApp } from './support/open-apps.js';

const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 1);

const Added = defineEvent('added', z.object({ id: z.string(), by: z.number() }));
type Added = { id: string; by: number };

const Sum = z.object({ sum: z.number() });
type Sum = { sum: number };

let seen: unknown[] = [];
/** Called where a method waits for nothing durable. */
let meanwhile: () => Promise<unknown> = () => Promise.resolve();
beforeEach(() => {
  seen = [];
  meanwhile = () => Promise.resolve();
});

@Actor({ id: 'sums', state: Sum, key: 'id' })
class Sums {
  @OnEvent(Added)
  async add({ by }: Added, ctx: ActorContext<Sum>) {
    const before = ctx.state?.sum ?? 0;
    await meanwhile();
    seen.push(`add ${by}`);
    ctx.setState({ sum: before + by });
    if (by > 100) ctx.schedule('1 hour');
  }

  @OnAlarm()
  rang() {
    seen.push('rang');
  }
}

@Actor({ id: 'other-sums', state: Sum, key: 'id' })
class OtherSums {
  @OnEvent(Added)
  add({ by }: Added, ctx: ActorContext<Sum>) {
    seen.push(`other ${by}`);
    ctx.setState({ sum: by });
  }
}

it('case 12 · case 22 · 20 updates of one actor from two processes on one SQLite file are 20 applied', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-actors-'));
  const path = join(folder, 'actors.db');
  const open = async (): Promise<WorkerApp> => {
    const options = { workers: [Sums], logger: silentLogger, sweep: '200ms' } as const;
    const app = await bootstrap({ ...options, store: sqliteStore(path) });
    await app.start();
    return app;
  };
  meanwhile = () => new Promise((resolve) => void setImmediate(resolve));
  const apps = [await open(), await open()] as const;
  try {
    const sends = Array.from({ length: 20 }, (_, n) =>
      (apps[n % 2] as WorkerApp).actor(Sums).send({ event: { id: 'a', by: 1 } }),
    );
    const answers = await Promise.all(sends);
    expect(answers.filter(({ created }) => created)).toHaveLength(1);
    expect(await apps[1].actor(Sums).getState('a')).toMatchObject({ state: { sum: 20 }, version: 20 });
    expect(await apps[0].actor(Sums).status('a')).toMatchObject({ eventCount: 20 });
  } finally {
    for (const app of apps) await app.close();
    rmSync(folder, { recursive: true });
  }
}, 40_000);

it.each<[string, () => Store]>([
  ['memory', () => memoryStore()],
  ['SQLite', () => sqliteStore(':memory:')],
])(
  'a turn during which its actor is triggered runs once, and the alarm after it, in %s',
  async (_name, makeStore) => {
    const app = await openApp([Sums], { store: makeStore() });
    const handle = app.actor(Sums);
    await handle.send({ event: { id: 'a', by: 500 } });
    let times = 0;
    meanwhile = async () => {
      times++;
      await handle.trigger('a', { wait: false });
    };
    const { scheduledAt } = await handle.send({ event: { id: 'a', by: 1 } });
    await app.settle();
    expect(times).toBe(1);
    expect(seen).toEqual(['add 500', 'add 1', 'rang']);
    expect(scheduledAt).toBeNull();
    expect(await handle.getState('a')).toMatchObject({ state: { sum: 501 }, version: 2 });
    expect(await handle.status('a')).toMatchObject({ eventCount: 2, executeCount: 1, status: 'idle' });
  },
);

const events = defineEvents(
  z.discriminatedUnion('type', [
    z.object({ type: z.literal('box.opened'), box: z.object({ id: z.string() }) }),
    z.object({ type: z.literal('box.closed'), number: z.number() }),
  ]),
  { id: 'boxes' },
);

@Actor({ id: 'boxes', state: Sum })
class Boxes {
  @events.OnEvent('box.opened', { key: 'box.id' })
  opened(_: { type: 'box.opened' }, ctx: ActorContext<Sum>) {
    seen.push([ctx.instanceId, 'opened']);
    ctx.updateState((state) => ({ sum: (state?.sum ?? 0) + 1 }));
  }

  @events.OnEvent('box.closed', { key: ({ number }) => `box-${number}` })
  closed(_: { type: 'box.closed' }, ctx: ActorContext<Sum>) {
    seen.push([ctx.instanceId, 'closed']);
    ctx.updateState((state) => ({ sum: (state?.sum ?? 0) + 10 }));
  }
}

it('an event finds its actor by a path or a function, also one published where the class is not loaded', async () => {
  const store = memoryStore();
  const publisher = await openApp([], { store, role: 'publisher' });
  const app = await openApp([Boxes], { store });
  const opened = { type: 'box.opened', box: { id: 'box-7' } } as const;
  await publisher.publish(opened);
  await publisher.publish({ type: 'box.closed', number: 7 } as const);
  await app.publish({ type: 'box.closed', number: 7 } as const);
  await app.actor(Boxes).send({ event: opened });
  await app.actor(Boxes).send({ id: 'other', event: opened });
  await app.advance('1 minute');
  const boxes = app.actor(Boxes);
  expect((await boxes.getState('box-7')).state).toEqual({ sum: 22 });
  expect((await boxes.getState('other')).state).toEqual({ sum: 1 });
  for (const who of [publisher, app]) {
    const none = who.publish({ type: 'box.opened', box: { id: '' } } as const);
    await expect(none).rejects.toThrow(InvalidEventError);
    await expect(none).rejects.toMatchObject({ violations: [{ path: 'box.id' }] });
  }
});

it('w12 · a message with an event id is handled once, and every send of it gets the same answer', async () => {
  const app = await openApp([Sums]);
  const handle = app.actor(Sums);
  const event = { id: 'a', by: 2 };
  const first = await handle.send({ event, eventId: 'e1' });
  expect(await handle.send({ event, eventId: 'e1' })).toEqual(first);
  expect((await handle.getState('a')).state).toEqual({ sum: 2 });
  const other = handle.send({ event: { id: 'a', by: 3 }, eventId: 'e1' });
  await expect(other).rejects.toThrow(EventConflictError);
});

it('a message with an event id is taken for no message to another actor, or to an actor of another class', async () => {
  const app = await openApp([Sums, OtherSums]);
  const event = { id: 'a', by: 2 };
  const first = await app.actor(Sums).send({ event, eventId: 'e1' });
  expect(await app.actor(Sums).send({ id: 'a', event, eventId: 'e1' })).toEqual(first);
  await expect(app.actor(Sums).send({ id: 'b', event, eventId: 'e1' })).rejects.toThrow(EventConflictError);
  await expect(app.actor(OtherSums).send({ event, eventId: 'e1' })).rejects.toThrow(EventConflictError);
  await expect(app.publish(Added, event, { id: 'e1' })).rejects.toThrow(EventConflictError);
  expect((await app.executions.list()).length).toBe(1);
});

it('send with wait: false answers when the message is stored, before it is handled', async () => {
  const app = await openApp([Sums]);
  await app.stop();
  const handle = app.actor(Sums);
  await expect(handle.send({ event: { id: 'a', by: 1 } })).rejects.toThrow(NotStartedError);
  expect(await handle.send({ event: { id: 'a', by: 1 }, wait: false })).toEqual({
    created: false,
    instanceId: 'actor:sums:a',
    scheduledAt: null,
  });
  expect((await handle.status('a')).status).toBe('not_found');
  await app.start();
  await app.settle();
  expect((await handle.getState('a')).state).toEqual({ sum: 1 });
});

const Ping = defineEvent('ping', z.object({ id: z.string(), how: z.string() }));

@Actor({ id: 'pings', state: z.any(), key: 'id', inject: [WORKER_APP] })
class Pings {
  constructor(private readonly app: WorkerApp) {}

  @OnEvent(Ping)
  async ping({ how }: { id: string; how: string }, ctx: ActorContext) {
    if (how === 'send') await this.app.actor(Sums).send({ event: { id: 'a', by: 1 } });
    if (how === 'publish') await this.app.publish(Added, { id: 'a', by: 1 });
    ctx.setState({ how });
  }
}

it('inside an execution, sending is refused, and publishing is durable: the other actor gets the message once', async () => {
  const app = await openApp([Sums, Pings]);
  const pings = app.actor(Pings);
  const refused = pings.send({ event: { id: 'p', how: 'send' } });
  const caught = refused.catch((error: unknown) => error);
  await app.advance('10 minutes');
  expect(await caught).toBeInstanceOf(ExecutionStateError);
  await pings.send({ event: { id: 'p', how: 'publish' } });
  await app.settle();
  expect((await app.actor(Sums).getState('a')).state).toEqual({ sum: 1 });
});

it('tells what becomes of actors', async () => {
  const told: LifecycleEvent[] = [];
  const app = await openApp([Sums]);
  for (const name of ['actor.started', 'actor.scheduled', 'actor.idle', 'actor.terminated'] as const)
    app.on(name, (event) => told.push(event));
  const handle = app.actor(Sums);
  await handle.send({ event: { id: 'a', by: 1 } });
  await handle.send({ event: { id: 'a', by: 500 } });
  await app.advance('2 hours');
  await handle.terminate('a', { reason: 'done' });
  const common = { worker: 'sums', instanceId: 'actor:sums:a', at: START };
  const executionId = expect.any(String) as string;
  expect(told).toEqual([
    { name: 'actor.started', ...common, executionId },
    { name: 'actor.idle', reason: 'event', ...common, executionId },
    { name: 'actor.scheduled', scheduledAt: START + 60 * MINUTE, trigger: 'event', ...common, executionId },
    { name: 'actor.idle', reason: 'alarm', ...common, executionId, at: START + 60 * MINUTE },
    { name: 'actor.terminated', reason: 'done', ...common, executionId: null, at: START + 120 * MINUTE },
  ]);
});

@Actor({ id: 'journeys', state: z.object({ log: z.array(z.string()) }), key: 'id' })
class Journeys {
  @OnEvent(Added)
  async begin({ by }: Added, ctx: ActorContext<{ log: string[] }>) {
    const one = await this.note(`begin ${by}`);
    await sleep('5s');
    const two = await this.note(`go ${by}`);
    ctx.updateState((state) => ({ log: [...(state?.log ?? []), one, two] }));
    if (by === 13) throw new NonRetryableError('unlucky');
    ctx.schedule('1 minute');
  }

  @OnAlarm()
  async rang(ctx: ActorContext<{ log: string[] }>) {
    const rang = await this.note('rang');
    ctx.updateState((state) => ({ log: [...(state?.log ?? []), rang] }));
  }

  @OnIdle()
  async idle(ctx: ActorContext<{ log: string[] }>) {
    const idle = await this.note('idle');
    await sleep('5s');
    ctx.updateState((state) => ({ log: [...(state?.log ?? []), idle] }));
  }

  @OnError()
  async failed(error: Error, ctx: ActorContext<{ log: string[] }>) {
    const failed = await this.note(`failed ${error.message}`);
    await sleep('5s');
    const undone = await this.note('undone');
    ctx.updateState((state) => ({ log: [...(state?.log ?? []), failed, undone] }));
    ctx.schedule('1 minute');
  }

  @Step()
  async note(text: string) {
    seen.push(text);
    return text;
  }
}

describe.each<[string, () => Store]>([
  ['memory', () => memoryStore()],
  ['SQLite', () => sqliteStore(':memory:')],
])(
  'a process that dies at any write of two turns, an alarm and an idle method, in %s',
  (_name, makeStore) => {
    it('loses no message, no alarm and no step, and applies each once', async () => {
      const runs = await killAtEveryWrite({
        workers: [Journeys],
        store: makeStore,
        reset: () => {
          seen = [];
        },
        begin: async (app) => {
          await app.publish(Added, { id: 'a', by: 1 }, { id: 'one' });
          await app.publish(Added, { id: 'a', by: 13 }, { id: 'two' });
        },
        drive: (app) => app.advance('3 minutes'),
        verify: async (app, where) => {
          const { state, version } = await app.actor(Journeys).getState('a');
          const log = ['begin 1', 'go 1', 'failed unlucky', 'undone', 'rang', 'idle'];
          expect({ where, version, ...state }).toEqual({ where, version: 3, log });
          const status = await app.actor(Journeys).status('a');
          expect({ where, ...status }).toMatchObject({
            where,
            eventCount: 2,
            executeCount: 1,
            status: 'idle',
          });
          const open = await app.executions.list();
          expect({ where, open: open.filter(({ status: each }) => each !== 'completed') }).toEqual({
            where,
            open: [],
          });
        },
      });
      expect(runs).toBeGreaterThan(12);
    }, 30_000);
  },
);

it('its turns may run step by step, in ISOLATED mode', async () => {
  const app = await openApp([Journeys], { executionMode: 'ISOLATED' });
  await app.publish(Added, { id: 'a', by: 1 });
  await app.publish(Added, { id: 'a', by: 13 });
  await app.advance('3 minutes');
  expect(await app.actor(Journeys).getState('a')).toMatchObject({
    state: { log: ['begin 1', 'go 1', 'failed unlucky', 'undone', 'rang', 'idle'] },
    version: 3,
  });
});

it('a store that does not answer when a turn begins costs no attempt', async () => {
  const inner = memoryStore();
  let failures = 2;
  const store = new Proxy(inner, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      if (name !== 'instance') return member.bind(target) as unknown;
      return (id: string) => {
        if (failures-- > 0) return Promise.reject(new Error('no answer'));
        return target.instance(id);
      };
    },
  });
  const attempts: number[] = [];
  @Actor({ id: 'sums', state: Sum, key: 'id' })
  class Attempts {
    @OnEvent(Added)
    add(_: Added, ctx: ActorContext<Sum>) {
      attempts.push(ctx.attempt);
    }
  }
  const app = await openApp([Attempts], { store });
  await app.publish(Added, { id: 'a', by: 1 });
  await app.advance('2 minutes');
  expect(attempts).toEqual([1]);
  expect(await app.actor(Attempts).status('a')).toMatchObject({ eventCount: 1 });
});

@Worker('others')
class Others {
  @OnEvent(Added)
  also({ by }: Added) {
    seen.push(`also ${by}`);
  }
}

it('send reaches the actor alone, publish every handler of the event', async () => {
  const app = await openApp([Sums, Others]);
  await app.actor(Sums).send({ event: { id: 'a', by: 1 } });
  await app.execute(Added, { id: 'a', by: 2 });
  expect(seen).toHaveLength(3);
  expect(new Set(seen)).toEqual(new Set(['add 1', 'add 2', 'also 2']));
});
