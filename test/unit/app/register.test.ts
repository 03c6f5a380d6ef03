import {
  bootstrap,
  type LifecycleEvent,
  memoryStore,
  OnEvent,
  silentLogger,
  Worker,
  WORKER_APP,
  WorkerApp,
  defineEvent,
} from '../../../lib/entries/index.js';
import { z } from 'zod';

const Ping = defineEvent('ping', z.object({ id: z.string() }));

@Worker('answers')
class First {
  @OnEvent(Ping) answer(): string {
    return 'first';
  }
}

@Worker('answers')
class Second {
  @OnEvent(Ping) answer(): string {
    return 'second';
  }
}

let app: WorkerApp;

beforeEach(async () => {
  app = await bootstrap({ workers: [First], store: memoryStore(), logger: silentLogger });
  await app.start();
});

afterEach(() => app.close());

test('a worker whose id another one has is refused, and the other goes on', async () => {
  await expect(app.register(Second)).rejects.toThrow(/Second: its id 'answers' is also that of First/);
  expect(await app.execute(Ping, { id: '1' })).toEqual(['first']);
});

test('registering a known worker again changes nothing', async () => {
  await app.register(First);
  expect(await app.execute(Ping, { id: '1' })).toEqual(['first']);
});

test('an id is free again once its worker was let go', async () => {
  await app.unregister(First);
  await app.register(Second);
  expect(await app.execute(Ping, { id: '1' })).toEqual(['second']);
});

test('an execution is told as accepted before it is told as started', async () => {
  const names: LifecycleEvent['name'][] = [];
  app.on('*', ({ name }) => {
    if (name.startsWith('execution.')) names.push(name);
  });
  await app.execute(Ping, { id: '1' });
  expect(names).toEqual(['execution.accepted', 'execution.started', 'execution.completed']);
});

test('the class WorkerApp names the app in a constructor, as the token does', () => {
  expect(app.get(WorkerApp)).toBe(app);
  expect(app.get(WORKER_APP)).toBe(app);
});

describe('sync', () => {
  @Worker('others')
  class Other {
    @OnEvent(Ping) answer(): string {
      return 'other';
    }
  }

  test('makes exactly these the workers: new ones are taken in, absent ones let go, known ones stay as they are', async () => {
    const first = app.get(First);
    await app.sync(First, Other);
    expect((await app.stats()).workers).toBe(2);
    expect(app.get(First)).toBe(first);
    expect(await app.execute(Ping, { id: '1' })).toEqual(['first', 'other']);
    await app.sync(Other);
    expect((await app.stats()).workers).toBe(1);
    const publication = await app.publish(Ping, { id: '2' });
    expect(await publication.of(Other).result()).toBe('other');
    await app.sync(First, Other);
    // What was published meanwhile was kept for whoever has the class.
    expect(await publication.of(First).result()).toBe('first');
    await app.sync(First, Other, First);
    expect((await app.stats()).workers).toBe(2);
    await app.sync();
    expect((await app.stats()).workers).toBe(0);
  });

  test('lets another class take over the id of one that goes', async () => {
    await app.sync(Second);
    expect(await app.execute(Ping, { id: '1' })).toEqual(['second']);
  });

  test('that is refused changes nothing', async () => {
    class NoWorker {}
    await expect(app.sync(First, Second)).rejects.toThrow(/its id 'answers' is also that of First/);
    await expect(app.sync(Other, NoWorker)).rejects.toThrow(/NoWorker/);
    expect(await app.execute(Ping, { id: '1' })).toEqual(['first']);
    await app.close();
    await expect(app.sync(First)).rejects.toThrow(/sync\(\) was called on a closed app/);
  });
});
