import type { StandardSchemaV1 } from '@standard-schema/spec';
import {
  bootstrap,
  defineEvent,
  execution,
  type ExecutionContext,
  fixed,
  type InstanceResolver,
  memoryStore,
  OnEvent,
  Retry,
  silentLogger,
  Step,
  Worker,
} from '../../../lib/entries/index.js';

const anything: StandardSchemaV1<{ id: string }> = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: value as { id: string } }) },
};
const Asked = defineEvent('asked', anything);

@Worker('asking')
class AskingWorker {
  constructor(private readonly made: ExecutionContext | null) {}

  @OnEvent(Asked)
  @Retry({ maxAttempts: 2, backoff: fixed('1ms'), onRetry: 'noted' })
  async answer(_: { id: string }, given: ExecutionContext): Promise<boolean> {
    attempts.push([this.made?.id ?? '', given.attempt, this.made === given && given === execution()]);
    if (given.attempt === 1) throw new Error('again');
    return this.check();
  }

  noted(): void {
    notedBy.push(this);
  }

  @Step()
  check(): boolean {
    return this.made?.id === execution().id;
  }
}

let attempts: (readonly [string, number, boolean])[] = [];
let notedBy: object[] = [];

test('a resolver is told the execution, once per pass, and hooks are called on the instance of their pass', async () => {
  attempts = [];
  notedBy = [];
  const made: AskingWorker[] = [];
  const kept = new WeakMap<object, AskingWorker>();
  const resolver: InstanceResolver = {
    resolve: (_, scope) => {
      const instance = kept.get(scope) ?? new AskingWorker(scope.execution);
      if (!kept.has(scope)) made.push(instance);
      kept.set(scope, instance);
      return Promise.resolve(instance);
    },
    owns: (_, receiver) => made.includes(receiver as AskingWorker),
  };
  const app = await bootstrap({
    workers: [AskingWorker],
    store: memoryStore(),
    logger: silentLogger,
    strict: true,
    resolver,
  });
  await app.start();
  const published = await app.publish(Asked, { id: '1' });
  const [handle] = published.executions;
  expect(await handle?.result()).toBe(true);
  expect(attempts).toEqual([
    [handle?.id, 1, true],
    [handle?.id, 2, true],
  ]);
  expect(made).toHaveLength(2);
  expect(notedBy).toEqual([made[0]]);
  expect(() => made[0]?.check()).toThrow(expect.objectContaining({ code: 'STEP_DETACHED' }));
  expect(() => new AskingWorker(null).check()).not.toThrow(
    expect.objectContaining({ code: 'STEP_DETACHED' }),
  );
  await app.close();
});
