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
