import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Actor,
  type ActorContext,
  CancelledError,
  defineEvent,
  GraphMismatchError,
  memoryStore,
  OnAlarm,
  OnEvent,
  OnIdle,
  ParkedError,
  sleep,
  sqliteStore,
  Step,
  type Store,
  type WorkerClass,
} from 'holdfast';
import { z } from 'zod';
import { openApp } from './support/open-apps.js';

const Opened = defineEvent('opened', z.object({ id: z.string() }));
const Closed = defineEvent('closed', z.object({ id: z.string() }));
const Count = z.object({ total: z.number() });
type Count = z.infer<typeof Count>;

let seen: string[] = [];
beforeEach(() => {
  seen = [];
});

function counted(what: string, ctx: ActorContext<Count>): void {
  seen.push(what);
  ctx.updateState((state) => ({ total: (state?.total ?? 0) + 1 }));
}

@Actor({ id: 'doors', state: Count, key: 'id' })
class Before {
  @OnEvent(Opened)
  opened(_: object, ctx: ActorContext<Count>) {
    counted('opened', ctx);
  }

  @OnEvent(Closed)
  async closed(_: object, ctx: ActorContext<Count>) {
    await sleep('1 hour');
    counted('closed', ctx);
  }
}

@Actor({ id: 'doors', state: Count, key: 'id' })
class After {
  @OnEvent(Opened)
  opened(_: object, ctx: ActorContext<Count>) {
    counted('opened anew', ctx);
  }
}

const folder = mkdtempSync(join(tmpdir(), 'holdfast-actors-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;

/** Gives the same store, or one of the same file, each time that it is asked. */
const kept = (): (() => Store) => {
  const store = memoryStore();
  return () => store;
};
const onFile = (): (() => Store) => {
  const file = join(folder, `${files++}.db`);
  return () => sqliteStore(file);
};

describe.each<[string, () => () => Store]>([
  ['memory', kept],
  ['SQLite', onFile],
])('an actor whose method is gone, in %s', (_name, makeStore) => {
  /** A message to the method that goes is under way, or waits behind another, and one comes after it. */
  const deployed = async (...events: (typeof Opened | typeof Closed)[]) => {
    const store = makeStore();
    const before = await openApp([Before], { store: store() });
    for (const event of events) await before.publish(event, { id: 'a' });
    await before.advance('1 minute');
    await before.close();
    const app = await openApp([After], { store: store() });
    await app.publish(Opened, { id: 'a' });
    const gone = (await app.executions.list()).filter(({ handler }) => handler === 'closed');
    return { app, store, gone: gone.map(({ id }) => app.execution(id)) };
  };

  it('parks what waits for it after ten minutes, and goes on with the next message', async () => {
    const { app, store, gone } = await deployed(Opened, Closed, Closed);
    await app.advance('5 minutes');
    expect(seen).toEqual(['opened']);
    await app.advance('10 minutes');
    expect(seen).toEqual(['opened', 'opened anew']);
    for (const handle of gone) {
      const error: unknown = await handle.result().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(ParkedError);
      expect((error as ParkedError).cause).toBeInstanceOf(GraphMismatchError);
      expect(String((error as ParkedError).cause)).toMatch(/handler 'closed' is gone/);
    }
    const [first] = gone;
    await first?.resume();
    await app.advance('1 minute');
    expect(await first?.status()).toBe('parked');
    await app.close();
    const back = await openApp([Before], { store: store() });
    for (const { id } of gone) await back.execution(id).resume();
    await back.advance('4 hours');
    expect(seen).toEqual(['opened', 'opened anew', 'closed', 'closed']);
    expect((await back.actor(Before).getState('a')).state).toEqual({ total: 4 });
  });

  it('is free after terminate(), too', async () => {
    const { app, gone } = await deployed(Opened, Closed);
    await app.actor(After).terminate('a');
    await app.publish(Opened, { id: 'a' });
    await app.advance('15 minutes');
    for (const handle of gone) await expect(handle.result()).rejects.toThrow(CancelledError);
    expect(seen).toEqual(['opened', 'opened anew']);
    expect((await app.actor(After).getState('a')).state).toEqual({ total: 1 });
  });
});

describe.each<[string, () => () => Store]>([
  ['memory', kept],
  ['SQLite', onFile],
])('an alarm whose method has another name by now, in %s', (_name, makeStore) => {
  @Actor({ id: 'bells', state: Count, key: 'id' })
  class Bells {
    @OnEvent(Opened)
    opened(_: object, ctx: ActorContext<Count>) {
      counted('opened', ctx);
      ctx.schedule('1 hour');
    }

    @OnAlarm()
    async rang() {
      await this.noted();
      await sleep('1 hour');
      seen.push('rang');
    }

    @Step() async noted() {}
  }

  @Actor({ id: 'bells', state: Count, key: 'id' })
  class Renamed {
    // Had the alarm, or is new.
    @OnEvent(Closed)
    rang(_: object, ctx: ActorContext<Count>) {
      counted('closed', ctx);
    }

    @OnAlarm()
    ring(ctx: ActorContext<Count>) {
      seen.push(`ring ${ctx.executeCount}`);
    }

    @OnIdle()
    idle() {
      seen.push('idle');
    }
  }

  @Actor({ id: 'bells', state: Count, key: 'id' })
  class RenamedAway {
    @OnEvent(Opened)
    opened(_: object, ctx: ActorContext<Count>) {
      counted('opened', ctx);
    }

    @OnAlarm()
    ring(ctx: ActorContext<Count>) {
      seen.push(`ring ${ctx.executeCount}`);
    }

    @OnIdle()
    idle() {
      seen.push('idle');
    }
  }

  it.each<[string, WorkerClass]>([
    ['is gone', RenamedAway],
    ['is of another method', Renamed],
  ])('comes at its instant, to the method that has @OnAlarm; the old name %s', async (_case, now) => {
    const store = makeStore();
    const before = await openApp([Bells], { store: store() });
    await before.publish(Opened, { id: 'a' });
    await before.advance('10 minutes');
    await before.close();
    const app = await openApp([now], { store: store() });
    const misfits: string[] = [];
    app.on('app.misfit', ({ message }) => void misfits.push(message));
    await app.advance('45 minutes');
    expect(seen).toEqual(['opened']);
    await app.advance('20 minutes');
    expect(seen).toEqual(['opened', 'ring 1', 'idle']);
    expect(misfits).toEqual([]);
    const all = await app.executions.list({ worker: 'bells' });
    expect(all.map(({ status }) => status)).toEqual(['completed', 'completed']);
  });

  it('is parked when it has recorded something under the old name', async () => {
    const store = makeStore();
    const before = await openApp([Bells], { store: store() });
    await before.publish(Opened, { id: 'a' });
    await before.advance('70 minutes');
    await before.close();
    const app = await openApp([RenamedAway], { store: store() });
    await app.advance('3 hours');
    expect(seen).toEqual(['opened']);
    expect((await app.executions.list()).map(({ status }) => status)).toContain('parked');
  });
});
