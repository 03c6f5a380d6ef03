import {
  bootstrap,
  defineEvent,
  type ExecutionContext,
  fixed,
  memoryStore,
  OnEvent,
  Retry,
  silentLogger,
  Worker,
} from '../../../lib/entries/index.js';
import type { Store } from '../../../lib/ports/store.js';
import type { Write } from '../../../lib/ports/store-write.js';
import { z } from 'zod';

const Asked = defineEvent('asked', z.object({ n: z.number() }));
let runs = 0;

@Worker('answers')
class Answers {
  @OnEvent(Asked)
  @Retry({ maxAttempts: 3, backoff: fixed('20ms') })
  async answer({ n }: { n: number }): Promise<number> {
    await Promise.resolve();
    if (++runs === 1) throw new Error('not yet');
    return n;
  }
}

function endsWaiting(write: Write): boolean {
  return write.kind === 'commit' && write.delta.record?.status === 'waiting';
}

/** The store, of which each answer to a commit that has its execution wait is lost until the execution was claimed again. */
function unsteady(store: Store): Store {
  let claimed = false;
  return new Proxy(store, {
    get(target, key) {
      if (key === 'claim')
        return async (request: Parameters<Store['claim']>[0]) => {
          const answer = await target.claim(request);
          claimed ||= answer.claimed.length > 0;
          return answer;
        };
      if (key === 'write')
        return async (writes: readonly Write[]) => {
          const verdicts = await target.write(writes);
          if (!claimed && writes.some(endsWaiting)) throw new Error('the reply was lost');
          return verdicts;
        };
      const found: unknown = Reflect.get(target, key, target);
      return typeof found === 'function' ? (found.bind(target) as unknown) : found;
    },
  });
}

test('who waits at a pass learns how its execution ends when the process has claimed it again before the pass was over', async () => {
  const app = await bootstrap({
    workers: [Answers],
    store: unsteady(memoryStore()),
    logger: silentLogger,
    sweep: '30ms',
  });
  await app.start();
  const [execution] = (await app.publish(Asked, { n: 7 })).executions;
  await expect(execution?.result()).resolves.toBe(7);
  expect(runs).toBe(2);
  await app.close();
});

const Stuck = defineEvent('stuck', z.object({ n: z.number() }));

@Worker('stuck')
class StuckFirst {
  static runs = 0;
  static signals: AbortSignal[] = [];

  @OnEvent(Stuck)
  async answer({ n }: { n: number }, { signal }: ExecutionContext): Promise<number> {
    StuckFirst.signals.push(signal);
    if (++StuckFirst.runs === 1) await new Promise(() => {});
    return n;
  }
}

test('a pass whose lease ran out by the clock of the store is ended when its own process claims it again', async () => {
  const app = await bootstrap({
    workers: [StuckFirst],
    store: memoryStore(),
    logger: silentLogger,
    sweep: '30ms',
    drainTimeout: '50ms',
  });
  await app.start();
  const [execution] = (await app.publish(Stuck, { n: 7 })).executions;
  const result = execution?.result();
  const real = Date.now;
  jest.spyOn(Date, 'now').mockImplementation(() => real() + 3_600_000);
  await expect(result).resolves.toBe(7);
  expect(StuckFirst.signals.map(({ aborted }) => aborted)).toEqual([true, false]);
  jest.restoreAllMocks();
  await app.close();
});
