import { defineEvent, fixed, OnEvent, Retry, Step, Worker, type LifecycleEvent } from 'holdfast';
import { z } from 'zod';
import { openApp } from './support/open-apps.js';

const Order = defineEvent('order', z.object({ n: z.number() }));
const Noted = defineEvent('noted', z.object({ n: z.number() }));

let publish: (n: number) => void = () => {};

@Worker('orders')
class Orders {
  @OnEvent(Order)
  async fulfil({ n }: { n: number }): Promise<number> {
    return this.charge(n);
  }

  @Step()
  @Retry({ maxAttempts: 2, backoff: fixed('1ms'), onRetry: () => publish(-1) })
  async charge(n: number): Promise<number> {
    if (n === 13 && publish !== ignore) throw new Error('unlucky');
    return n;
  }
}

@Worker('notes')
class Notes {
  @OnEvent(Noted)
  async note({ n }: { n: number }): Promise<number> {
    return n;
  }
}

const ignore = (): void => {};

describe('what is called beside an execution is no part of it', () => {
  it.each(['step.started', 'step.completed', 'execution.started', 'execution.completed'] as const)(
    'a listener of %s publishes events of its own, and the execution has no further step',
    async (name) => {
      const app = await openApp([Orders, Notes], { concurrency: 16 });
      const published: Promise<unknown>[] = [];
      app.on(name, (event: LifecycleEvent) => {
        if ('handler' in event && event.handler === 'fulfil') published.push(app.publish(Noted, { n: 1 }));
      });
      const orders = await Promise.all(
        Array.from({ length: 20 }, (_, n) => app.publish(Order, { n: n + 100 })),
      );
      for (const order of orders) {
        const execution = order.of(Orders, 'fulfil');
        await execution.result();
        expect((await execution.steps()).map((step) => step.path)).toEqual(['fulfil/charge']);
      }
      await Promise.all(published);
      expect(published).toHaveLength(20);
    },
  );

  it('so does a retry hook', async () => {
    const app = await openApp([Orders, Notes]);
    const published: Promise<unknown>[] = [];
    publish = (n) => {
      publish = ignore;
      published.push(app.publish(Noted, { n }));
    };
    const order = (await app.publish(Order, { n: 13 })).of(Orders, 'fulfil');
    await app.advance('1 second');
    await expect(order.result()).resolves.toBe(13);
    await Promise.all(published);
    expect((await order.steps()).filter((step) => step.path.includes('publish'))).toEqual([]);
    expect(published).toHaveLength(1);
  });
});
