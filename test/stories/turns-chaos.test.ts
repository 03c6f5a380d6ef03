import {
  Actor,
  type ActorContext,
  Debounce,
  defineEvent,
  Every,
  fixed,
  memoryStore,
  OnEvent,
  type RecurringContext,
  Retry,
  type Store,
  StoreUnavailableError,
  Worker,
} from 'holdfast';
import { z } from 'zod';
import { openApp } from './support/open-apps.js';

const Named = defineEvent('named', z.object({ id: z.string(), ends: z.boolean().optional() }));
type Named = { id: string; ends?: boolean | undefined };
const Names = z.object({ names: z.array(z.string()) });
type Names = z.infer<typeof Names>;

@Actor({ id: 'namer', state: Names, key: 'id' })
class Namer {
  @Retry({ maxAttempts: 1, backoff: fixed('1s') })
  @OnEvent(Named)
  async named({ id, ends }: Named, ctx: ActorContext<Names>) {
    if (ends === true) await ctx.terminate();
    ctx.updateState((state) => ({ names: [...(state?.names ?? []), id] }));
    return id;
  }
}

@Worker('once')
class Once {
  @Every('1 minute', { keyed: true })
  async run(_input: unknown, ctx: RecurringContext) {
    await ctx.terminate();
  }

  @Retry({ maxAttempts: 1, backoff: fixed('1s') })
  @Debounce(Named, { key: 'id', flushAfter: '1s' })
  collect(events: Named[]) {
    return events.length;
  }
}

/** The store, whose first answers to a call are that it is not there. */
function failingAt(call: keyof Store, times: number): Store {
  let left = times;
  return new Proxy(memoryStore(), {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      if (name !== call) return member.bind(target);
      return async (...args: unknown[]) => {
        if (left-- > 0) throw new StoreUnavailableError('it is away');
        return Reflect.apply(member, target, args) as unknown;
      };
    },
  });
}

test('an actor that ends itself uses no slot from then on', async () => {
  const app = await openApp([Namer], { concurrency: 1 });
  for (const id of ['a', 'b', 'c']) await app.publish(Named, { id, ends: true });
  await app.settle();
  const { executions } = await app.publish(Named, { id: 'd' });
  await app.settle();
  await expect(executions[0]?.result()).resolves.toBe('d');
  expect((await app.stats()).queues.local.running).toBe(0);
});

test('a store that does not answer when a turn begins spends none of its attempts', async () => {
  const app = await openApp([Namer], { store: failingAt('instance', 3) });
  const { executions } = await app.publish(Named, { id: 'a' });
  await app.advance('2 minutes');
  await expect(executions[0]?.status()).resolves.toBe('completed');
  await expect(app.actor(Namer).getState('a')).resolves.toMatchObject({ state: { names: ['a'] } });
});

test('a job that ends itself uses no slot from then on', async () => {
  const app = await openApp([Once], { concurrency: 1 });
  for (const id of ['a', 'b', 'c']) await app.recurring(Once, 'run').start({ id, input: null });
  await app.advance('5 minutes');
  await expect(app.recurring(Once, 'run').status('c')).resolves.toMatchObject({ status: 'stopped' });
  expect((await app.stats()).queues.local.running).toBe(0);
});

test('a store that does not answer when a batch begins spends none of its attempts', async () => {
  const app = await openApp([Once], { store: failingAt('inbox', 3) });
  const { executions } = await app.publish(Named, { id: 'a' });
  await app.advance('2 minutes');
  await expect(executions[0]?.result()).resolves.toBe(1);
});
