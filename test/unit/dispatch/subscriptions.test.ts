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
