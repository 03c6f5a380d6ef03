import { bootstrap, defineEvent, memoryStore, OnEvent, silentLogger, Step, Worker } from 'holdfast';
import { z } from 'zod';

const Arrived = defineEvent('arrived', z.object({ n: z.number() }));
const Relayed = defineEvent('relayed', z.object({ n: z.number() }));

@Worker('greeter')
class Greeter {
  @OnEvent(Arrived)
  greet({ n }: { n: number }): number {
    return n;
  }

  @Step()
  unused(): void {}
}

test('an event is not accepted as unhandled on old knowledge: a worker that came a moment ago takes it', async () => {
  const store = memoryStore();
  const publisher = await bootstrap({ role: 'publisher', store, logger: silentLogger });
  const unhandled: string[] = [];
  publisher.on('event.unhandled', ({ event }) => void unhandled.push(event));
  const worker = await bootstrap({ workers: [Greeter], store, logger: silentLogger });
  await worker.start();

  const published = await publisher.publish(Arrived, { n: 7 });
  expect(published.executions.map(({ worker: id, handler }) => `${id}.${handler}`)).toEqual([
    'greeter.greet',
  ]);
  await expect(published.executions[0]?.result()).resolves.toBe(7);
  expect((await publisher.publish(Relayed, { n: 1 })).executions).toEqual([]);
  expect(unhandled).toEqual(['relayed']);
  await publisher.close();
  await worker.close();
});

@Worker('echoer')
class Echoer {
  @OnEvent(Arrived)
  echo({ n }: { n: number }): number {
    return -n;
  }
}

test('handlers of other processes keep their events where workers are added and the store does not take what they declare', async () => {
  const store = memoryStore();
  const other = await bootstrap({ workers: [Greeter], store, logger: silentLogger });
  await other.start();
  let fails = false;
  const unsteady = new Proxy(store, {
    get(target, key) {
      if (key === 'subscribe' && fails) return async () => Promise.reject(new Error('away'));
      const found: unknown = Reflect.get(target, key, target);
      return typeof found === 'function' ? (found.bind(target) as unknown) : found;
    },
  });
  const app = await bootstrap({ store: unsteady, logger: silentLogger });
  await app.start();
  expect((await app.publish(Arrived, { n: 1 })).executions.length).toBe(1);

  fails = true;
  await expect(app.register(Echoer)).rejects.toThrow('away');
  const published = await app.publish(Arrived, { n: 2 });
  expect(published.executions.map(({ worker }) => worker)).toContain('greeter');
  await app.close();
  await other.close();
});
