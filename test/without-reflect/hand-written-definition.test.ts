import { jsonCodec } from '../../lib/adapters/codec/json-codec.js';
import { localDispatcher } from '../../lib/adapters/local/local-dispatcher.js';
import { memoryStore } from '../../lib/adapters/memory/memory-store.js';
import { systemClock } from '../../lib/adapters/system/system-clock.js';
import { systemRandom } from '../../lib/adapters/system/system-random.js';
import { uuidGenerator } from '../../lib/adapters/system/uuid-generator.js';
import { Runtime } from '../../lib/app/runtime/runtime.js';
import type { StepDefinition, WorkerDefinition } from '../../lib/model/definition.js';
import { defaultLimits } from '../../lib/model/limits.js';
import { defaultRetryPolicy } from '../../lib/model/retry-policy.js';
import { shared } from '../../lib/ports/current-execution.js';
import type { EventDefinition } from '../../lib/ports/event-checker.js';
import { plainEvents, plainHandled } from '../../lib/testing/simulation/plain-events.js';

class Greeter {
  readonly calls: string[] = [];

  async greet(event: unknown): Promise<string> {
    const { name } = event as { readonly name: string };
    const first = await this.step('compose', [name], () => `hello ${name}`);
    return (await this.step('shout', [first], () => `${String(first)}!`)) as string;
  }

  private step(name: string, args: readonly unknown[], body: () => unknown): Promise<unknown> {
    const counted = (): unknown => {
      this.calls.push(name);
      return body();
    };
    return (
      shared().storage.getStore()?.step({ receiver: this, name, args, body: counted }) ??
      Promise.resolve(counted())
    );
  }
}

const step = (name: string): [string, StepDefinition] => [
  name,
  {
    worker: 'greeter',
    name,
    description: null,
    retry: defaultRetryPolicy,
    timeoutMs: 1_000,
    atMostOnce: false,
    key: null,
    isDeclared: false,
    concurrency: null,
    rateLimit: null,
  },
];

const greeter: WorkerDefinition = {
  id: 'greeter',
  description: null,
  logLevel: null,
  type: Greeter,
  handlers: [
    {
      id: 'greeter.greet',
      worker: 'greeter',
      method: 'greet',
      description: null,
      declared: [],
      concurrency: null,
      rateLimit: null,
      priority: 0,
      routes: [{ event: 'person.came', accepts: null }],
      retry: defaultRetryPolicy,
      timeoutMs: null,
    },
  ],
  steps: new Map([step('compose'), step('shout')]),
  compensations: new Map(),
  renames: new Map(),
  graph: { worker: 'greeter', nodes: [], edges: [], fingerprint: 'by-hand' },
};

const personCame: EventDefinition = {
  name: 'person.came',
  families: [],
  checker: { schemaHash: null, check: (data) => ({ ok: true, data }), restore: (data) => data },
};

test('a worker definition written by hand runs with no decorator and no reflect-metadata', async () => {
  const store = memoryStore();
  const instance = new Greeter();
  const settings = {
    mode: 'UNTIL_ERROR',
    limits: defaultLimits,
    maxCallDepth: 15,
    timeoutMs: 300_000,
    logger: console,
    interceptors: [],
    concurrency: 10,
    leaseMs: 15_000,
    sweepMs: 5_000,
    drainTimeoutMs: 1_000,
    dedupMs: 1_000,
    retention: { completedMs: 1_000, failedMs: 1_000 },
  } as const;
  const runtime = new Runtime({
    store,
    settings,
    dispatcher: localDispatcher(),
    clock: systemClock,
    random: systemRandom,
    ids: uuidGenerator,
    codec: jsonCodec(),
    observer: { wants: () => false, emit: () => {} },
    resolver: { resolve: () => instance },
    handled: plainHandled([]),
    events: plainEvents,
    role: 'both',
  });
  runtime.addWorkers([greeter]);
  await runtime.start();
  const [published] = await runtime.publisher.publish([
    {
      definition: personCame,
      data: { name: 'Ada' },
      id: null,
      dueAt: null,
      session: null,
      priority: 0,
      dispatcherOptions: null,
    },
  ]);
  const id = published?.executions[0]?.executionId;
  if (id === undefined) throw new Error('no execution was published');
  await published?.runs[0]?.emptied;
  const record = await store.read(id);
  await runtime.close();
  expect(record).toMatchObject({ status: 'completed', value: '"hello Ada!"' });
  expect(instance.calls).toEqual(['compose', 'shout']);
  expect('getMetadata' in Reflect).toBe(false);
});
