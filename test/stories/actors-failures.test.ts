import {
  Actor,
  type ActorContext,
  defineEvent,
  memoryStore,
  NonRetryableError,
  OnAlarm,
  OnError,
  OnEvent,
  sleep,
  sqliteStore,
  step,
  type Store,
  Timeout,
  TimeoutError,
} from 'holdfast';
import { z } from 'zod';
import { openApp } from './support/open-apps.js';

const Added = defineEvent('added', z.object({ id: z.string(), by: z.number() }));
type Added = { id: string; by: number };
type Sum = { sum: number };

/** What `@OnError` waits for, the first time and the others. */
let waits: (() => Promise<unknown>)[] = [];

@Actor({ id: 'timed', key: 'id', state: z.object({ sum: z.number() }) })
class Timed {
  @OnEvent(Added)
  @Timeout('1 minute')
  add({ by }: Added, ctx: ActorContext<Sum>): void {
    if (by < 0) throw new NonRetryableError('negative');
    ctx.setState({ sum: (ctx.state?.sum ?? 0) + by });
  }

  @OnError()
  async failed(_: unknown, ctx: ActorContext<Sum>): Promise<void> {
    await waits.shift()?.();
    ctx.setState({ sum: 0 });
  }
}

const forEver = () => new Promise<never>(() => {});

/** Refuses the first end of a turn, as if its instance had changed meanwhile. */
function changedOnce(store: Store): { readonly store: Store; readonly refused: () => boolean } {
  let isRefused = false;
  const spoiled: Store['write'] = (writes) =>
    store.write(
      writes.map((write) => {
        if (isRefused || write.kind !== 'commit' || write.delta.instance === undefined) return write;
        isRefused = true;
        const instance = { ...write.delta.instance, expected: 'another' };
        return { ...write, delta: { ...write.delta, instance } };
      }),
    );
  const proxy = new Proxy(store, {
    get: (target, name) => {
      const member: unknown = name === 'write' ? spoiled : Reflect.get(target, name, target);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
  return { store: proxy, refused: () => isRefused };
}

describe.each<[string, () => Store]>([
  ['memory', () => memoryStore()],
  ['SQLite', () => sqliteStore(':memory:')],
])('a turn that failed, and whose time is up in @OnError, in %s', (_, makeStore) => {
  it.each<[string, () => Promise<unknown>]>([
    ['that sleeps', () => sleep('1 hour')],
    ['that waits for ever', forEver],
    ['after a step of it', () => step('noted', () => 1).then(forEver)],
    ['in a step of it', () => step('stuck', forEver)],
  ])('%s, ends as timed out, and the actor goes on', async (_case, wait) => {
    waits = [wait];
    const app = await openApp([Timed], { store: makeStore() });
    const failing = (await app.publish(Added, { id: 'a', by: -1 })).of(Timed, 'add');
    await app.advance('2 minutes');
    expect(await failing.status()).toBe('failed');
    await expect(failing.result()).rejects.toThrow(TimeoutError);
    await app.actor(Timed).send({ event: { id: 'a', by: 2 } });
    expect(await app.actor(Timed).getState('a')).toMatchObject({ state: { sum: 2 } });
  });

  it('after it was handed back, since its instance had changed, ends so, too', async () => {
    const { store, refused } = changedOnce(makeStore());
    waits = [() => Promise.resolve(), () => sleep('1 hour')];
    const app = await openApp([Timed], { store });
    const failing = (await app.publish(Added, { id: 'a', by: -1 })).of(Timed, 'add');
    await app.advance('2 minutes');
    expect([refused(), waits, await failing.status()]).toEqual([true, [], 'failed']);
    await expect(failing.result()).rejects.toThrow(TimeoutError);
  });
});

const Left = defineEvent('left', z.object({ id: z.string() }));
let meanwhile: () => Promise<unknown> = () => Promise.resolve();

@Actor({ id: 'rung', key: 'id', state: z.object({ sum: z.number() }) })
class Rung {
  @OnEvent(Added)
  add({ by }: Added, ctx: ActorContext<Sum>): void {
    ctx.setState({ sum: by });
    ctx.schedule('1 hour');
  }

  @OnEvent(Left)
  async left(_: { id: string }, ctx: ActorContext<Sum>): Promise<void> {
    await meanwhile();
    await ctx.terminate();
  }

  @OnAlarm() rang(): void {}
}

it.each<[string, () => Store]>([
  ['memory', () => memoryStore()],
  ['SQLite', () => sqliteStore(':memory:')],
])('a turn that terminates its actor, which is triggered meanwhile, ends it, in %s', async (_, makeStore) => {
  const app = await openApp([Rung], { store: makeStore() });
  const handle = app.actor(Rung);
  await handle.send(Added, { id: 'a', by: 1 });
  meanwhile = () => handle.trigger('a', { wait: false });
  const leaving = (await app.publish(Left, { id: 'a' })).of(Rung, 'left');
  await app.advance('2 minutes');
  expect([await leaving.status(), (await handle.status('a')).status]).toEqual(['completed', 'not_found']);
});
