import { defineEvent, memoryStore, OnEvent, Worker } from '../../../lib/entries/index.js';
import { TestApp } from '../../../lib/entries/testing.js';

const Ping = defineEvent('ping', {
  '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) },
});

@Worker('pings')
class PingWorker {
  @OnEvent(Ping)
  answer(): void {}
}

test('what ended is removed as fast as it came: one sweep takes out thousands', async () => {
  const COUNT = 3_000;
  await using app = await TestApp.create({
    workers: [PingWorker],
    store: memoryStore({ keep: 2 * COUNT }),
    retention: { completed: '1 hour' },
    concurrency: 500,
    sweep: '30s',
  });
  await app.publishMany(Array.from({ length: COUNT }, () => [Ping, {}] as const));
  await app.settle();
  await app.advance('59 minutes');
  expect((await app.stats()).completed).toBe(COUNT);
  // It looks once a minute, and takes out all that it finds.
  await app.advance('150s');
  expect((await app.stats()).completed).toBe(0);
}, 30_000);

test('where little ends, the store is asked once a minute', async () => {
  const store = memoryStore();
  const prune = store.prune.bind(store);
  let asked = 0;
  store.prune = (request) => {
    asked++;
    return prune(request);
  };
  await using app = await TestApp.create({ workers: [PingWorker], store, sweep: '1s' });
  await app.execute(Ping, {});
  asked = 0;
  await app.advance('10 minutes');
  expect(asked).toBeGreaterThanOrEqual(9);
  expect(asked).toBeLessThanOrEqual(11);
});
