import {
  bootstrap,
  defineEvent,
  memoryStore,
  OnEvent,
  silentLogger,
  Worker,
} from '../../../lib/entries/index.js';
import { z } from 'zod';

const Asked = defineEvent('asked', z.object({ n: z.number() }));

@Worker('answers')
class Answers {
  @OnEvent(Asked)
  answer({ n }: { n: number }): number {
    return n;
  }
}

test('what a process took unawares, and has no worker for any more, is handed back for others to run', async () => {
  const store = memoryStore();
  let lost = 0;
  const unsteady = new Proxy(store, {
    get(target, key) {
      if (key === 'claim')
        return async (request: Parameters<typeof store.claim>[0]) => {
          const answer = await target.claim(request);
          if (lost > 0 || answer.claimed.length === 0) return answer;
          lost++;
          throw new Error('the reply was lost');
        };
      const found: unknown = Reflect.get(target, key, target);
      return typeof found === 'function' ? (found.bind(target) as unknown) : found;
    },
  });
  const settings = { logger: silentLogger, lease: '1s', sweep: '500ms' } as const;
  const publisher = await bootstrap({ role: 'publisher', store, ...settings });
  const app = await bootstrap({ workers: [Answers], store: unsteady, ...settings });
  await app.start();
  const [execution] = (await publisher.publish(Asked, { n: 7 })).executions;
  while (lost === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await app.unregister(Answers);

  const next = await bootstrap({ workers: [Answers], store, ...settings });
  await next.start();
  await expect(execution?.result({ timeout: '5s' })).resolves.toBe(7);
  for (const each of [publisher, app, next]) await each.close();
}, 15_000);
