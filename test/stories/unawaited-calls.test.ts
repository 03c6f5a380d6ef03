import {
  defineEvent,
  Inject,
  memoryStore,
  NonRetryableError,
  OnEvent,
  sleep,
  Step,
  step,
  type Store,
  Worker,
  WORKER_APP,
  WorkerApp,
} from 'holdfast';
import { z } from 'zod';
import { openApp } from './support/open-apps.js';

const Start = defineEvent('start', z.object({ n: z.number() }));
const Alert = defineEvent('alert', z.object({ text: z.string() }));

type Call = (worker: Careless) => Promise<unknown>;

let call: Call = () => Promise.resolve();

@Worker('careless')
class Careless {
  constructor(@Inject(WORKER_APP) readonly app: WorkerApp) {}

  @OnEvent(Start)
  async go({ n }: { n: number }): Promise<unknown> {
    if (n === 1) return call(this).catch((error: unknown) => (error as Error).name);
    void call(this);
    if (n === 2) await sleep('1s');
    return 'returned';
  }

  @Step()
  async work(_input?: unknown): Promise<void> {}

  @Step()
  bad(): void {
    throw new NonRetryableError('nobody looks');
  }
}

/** What `ids.map(this.work)` calls. */
function looseWork(worker: Careless): () => Promise<unknown> {
  return Reflect.get(worker, 'work') as () => Promise<unknown>;
}

let rejections: unknown[];
const note = (reason: unknown): void => void rejections.push(reason);

beforeEach(() => {
  rejections = [];
  process.on('unhandledRejection', note);
});

afterEach(() => {
  process.off('unhandledRejection', note);
});

const calls: readonly (readonly [string, Call, string])[] = [
  ['a step that fails', (worker) => worker.bad() as unknown as Promise<void>, 'NonRetryableError'],
  [
    'an inline step that fails',
    () =>
      step('audit', () => {
        throw new NonRetryableError('nobody looks');
      }),
    'NonRetryableError',
  ],
  [
    'a publish of data that does not fit',
    ({ app }) => app.publish(Alert, { text: 5 } as never),
    'InvalidEventError',
  ],
  ['a publish of an unknown event', ({ app }) => app.publish('nobody.knows', {}), 'UnknownEventError'],
  [
    'a publish of several, one of which does not fit',
    ({ app }) =>
      app.publishMany([
        [Alert, { text: 'a' }],
        [Alert, {}],
      ]),
    'InvalidEventError',
  ],
  [
    'a step with arguments that cannot be stored',
    (worker) => worker.work(() => 1),
    'UnstorableArgumentsError',
  ],
  ['a step without its worker', (worker) => looseWork(worker)(), 'NonRetryableError'],
];

test.each(calls)('%s and that nobody awaits ends the execution, not the process', async (_, made) => {
  call = made;
  const app = await openApp([Careless]);
  const handle = (await app.publish(Start, { n: 0 })).of(Careless);
  await app.settle();
  expect(await handle.status()).toBe('failed');
  // Node tells of unhandled rejections before the next turn of the event loop.
  await new Promise((resolve) => setImmediate(resolve));
  expect(rejections).toEqual([]);
});

test('a step that nobody awaits and that fails before the handler returns fails nothing, and is told', async () => {
  call = (worker) => worker.bad() as unknown as Promise<void>;
  const app = await openApp([Careless]);
  const failed: string[] = [];
  app.on('step.failed', ({ step: name }) => failed.push(name));
  const handle = (await app.publish(Start, { n: 2 })).of(Careless);
  await app.advance('2s');
  expect([await handle.result(), failed]).toEqual(['returned', ['go/bad']]);
  expect((await handle.steps()).map(({ path, status }) => `${path} ${status}`)).toEqual([
    'go/bad failed',
    'go/sleep completed',
  ]);
  expect(rejections).toEqual([]);
});

test.each(calls)('%s can be caught, and the execution goes on', async (_, made, name) => {
  call = made;
  const app = await openApp([Careless]);
  expect(await app.execute(Start, { n: 1 })).toEqual([name]);
});

test('a publish inside an execution is tried again when the store fails to tell who takes the event', async () => {
  const inner = memoryStore();
  let faults = 0;
  const store: Store = new Proxy(inner, {
    get: (target, name) => {
      if (name === 'subscriptions' && faults > 0)
        return async () => {
          faults--;
          throw new Error('connection reset');
        };
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
  call = async ({ app }) => (await app.publish(Alert, { text: 'down' })).executions.length;
  const app = await openApp([Careless], { store });
  const handle = (await app.publish(Start, { n: 1 }, { delay: '1s' })).of(Careless);
  faults = 1;
  await app.advance('1 minute');
  expect([await handle.result(), faults]).toEqual([0, 0]);
});
