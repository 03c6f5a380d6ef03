import {
  defineEvent,
  Inject,
  memoryStore,
  OnEvent,
  sqliteStore,
  Worker,
  WORKER_APP,
  WorkerApp,
} from '../../../lib/entries/index.js';
import { TestApp } from '../../../lib/entries/testing.js';
import { StoreUnavailableError } from '../../../lib/model/errors-store.js';
import { delayedAnswers } from '../engine/delayed-answers.js';

const anything = {
  '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) },
} as const;
const Ping = defineEvent('ping', anything);
const Pong = defineEvent('pong', anything);

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

let pongs = 0;

@Worker('pongs')
class PongWorker {
  constructor(@Inject(WORKER_APP) private readonly app: WorkerApp) {}

  @OnEvent(Ping)
  async answer(): Promise<void> {
    await this.app.publish(Pong, {});
  }

  @OnEvent(Pong)
  hear(): void {
    pongs++;
  }
}

test.each([
  ['memory', () => memoryStore()],
  ['SQLite', () => sqliteStore(':memory:')],
])(
  '%s: what ended before the write that began it was answered begins no second time, however short its retention',
  async (_, make) => {
    pongs = 0;
    let isMute = false;
    const store = delayedAnswers(make(), (writes) => {
      if (isMute && writes.some((write) => write.kind === 'commit' && write.delta.publish !== null))
        throw new StoreUnavailableError('the answer was lost');
    });
    await using app = await TestApp.create({
      workers: [PongWorker],
      store,
      retention: { completed: '1ms' },
      sweep: '1s',
    });
    // It looks once a minute.
    await app.advance('55s');
    isMute = true;
    const publication = await app.publish(Ping, {});
    await app.advance('10s');
    expect([pongs, await publication.of(PongWorker, 'answer').status()]).toEqual([1, 'running']);
    isMute = false;
    await app.advance('5s');
    expect([pongs, await publication.of(PongWorker, 'answer').status()]).toEqual([1, 'completed']);
    await app.advance('3 minutes');
    expect((await app.stats()).completed).toBe(0);
  },
);
