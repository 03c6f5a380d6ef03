import { defineEvent, fixed, memoryStore, OnEvent, Retry, sleep, Step, type Store, Worker } from 'holdfast';
import { z } from 'zod';
import { openApp } from './support/open-apps.js';

const Start = defineEvent('start', z.object({ n: z.number() }));
const SECOND = 1_000;

/** A store whose clock is ahead of the machine's, and how often it was claimed from. */
function storeAhead(aheadMs: number): { readonly store: Store; readonly claims: () => number } {
  const inner: Store = memoryStore();
  let claims = 0;
  const store = new Proxy<Store>(inner, {
    get(_, name: keyof Store) {
      if (name === 'open')
        return ((context) => {
          const { clock } = context;
          const ahead = Object.create(clock, { now: { value: () => clock.now() + aheadMs } }) as typeof clock;
          return inner.open({ ...context, clock: ahead });
        }) satisfies Store['open'];
      if (name === 'claim')
        return (async (request) => {
          claims++;
          const answer = await inner.claim(request);
          return { ...answer, nextAt: answer.nextAt === null ? null : answer.nextAt - aheadMs };
        }) satisfies Store['claim'];
      const value: unknown = inner[name];
      return typeof value === 'function' ? (value as () => unknown).bind(inner) : value;
    },
  });
  return { store, claims: () => claims };
}

@Worker('sleeper')
class Sleeper {
  static tries = 0;

  @OnEvent(Start)
  async go(): Promise<string> {
    await sleep('1 hour');
    await this.flaky();
    await sleep('1 hour');
    return 'done';
  }

  @Retry({ maxAttempts: 2, backoff: fixed('10 minutes'), jitter: false })
  @Step()
  async flaky(): Promise<void> {
    if (Sleeper.tries++ === 0) throw new Error('not yet');
  }
}

/** The claims that it takes from the publish to the end, with sweeps 20 s apart for three hours. */
async function claimsOf(aheadMs: number): Promise<number> {
  Sleeper.tries = 0;
  const { store, claims } = storeAhead(aheadMs);
  const app = await openApp([Sleeper], { store, sweep: '20s', lease: '2d' });
  const [execution] = (await app.publish(Start, { n: 1 })).executions;
  await app.advance('3 hours');
  await expect(execution?.result()).resolves.toBe('done');
  expect(Sleeper.tries).toBe(2);
  return claims();
}

test('what is due by a store whose clock is ahead goes on, and is not claimed again and again', async () => {
  const usual = await claimsOf(0);
  expect(await claimsOf(30 * SECOND)).toBeLessThan(usual + 10);
});
