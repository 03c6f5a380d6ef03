import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { jsonCodec } from '../../../lib/adapters/codec/json-codec.js';
import { localDispatcher } from '../../../lib/adapters/local/local-dispatcher.js';
import { memoryStore } from '../../../lib/adapters/memory/memory-store.js';
import { Runtime } from '../../../lib/app/runtime/runtime.js';
import type { WorkerDefinition } from '../../../lib/model/definition.js';
import { defaultLimits } from '../../../lib/model/limits.js';
import { noRetryPolicy } from '../../../lib/model/retry-policy.js';
import { shared } from '../../../lib/ports/current-execution.js';
import { ManualClock } from '../../../lib/testing/manual-clock.js';
import { plainEvents, plainHandled } from '../../../lib/testing/simulation/plain-events.js';

const BATCH = 500;
const suspensions = Number(process.env['HOLDFAST_SUSPENSIONS'] ?? 10_000);

class Sleeper {
  /** Suspended in the handler and, with a buffer at hand, inside a step with a timeout. */
  async handle(): Promise<void> {
    const frame = shared().storage.getStore();
    const ballast = new Uint8Array(4_096);
    await frame?.step({
      receiver: this,
      name: 'nap',
      args: [],
      body: async () => {
        await shared().storage.getStore()?.sleep(1_000);
        return ballast.length;
      },
    });
  }
}

const sleeper: WorkerDefinition = {
  id: 'sleeper',
  description: null,
  logLevel: null,
  type: Sleeper,
  handlers: [
    {
      id: 'sleeper.handle',
      worker: 'sleeper',
      method: 'handle',
      description: null,
      declared: [],
      concurrency: null,
      rateLimit: null,
      priority: 0,
      routes: [{ event: 'sleep', accepts: null }],
      retry: noRetryPolicy,
      timeoutMs: null,
    },
  ],
  steps: new Map([
    [
      'nap',
      {
        worker: 'sleeper',
        name: 'nap',
        description: null,
        retry: noRetryPolicy,
        timeoutMs: 300_000,
        atMostOnce: false,
        key: null,
        isDeclared: false,
        concurrency: null,
        rateLimit: null,
      },
    ],
  ]),
  compensations: new Map(),
  renames: new Map(),
  graph: { worker: 'sleeper', nodes: [], edges: [], fingerprint: 'sleeper-1' },
};

function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

const turns = async (count: number): Promise<void> => {
  for (let at = 0; at < count; at++) await new Promise((resolve) => setImmediate(resolve));
};

test(`${suspensions} suspensions leave nothing in memory`, async () => {
  const clock = new ManualClock();
  const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const instance = new Sleeper();
  let ids = 0;
  const runtime = new Runtime({
    store: memoryStore({ keep: 10 }),
    dispatcher: localDispatcher(),
    clock,
    random: { next: () => 0.5 },
    ids: { next: () => String(++ids).padStart(10, '0') },
    codec: jsonCodec(),
    observer: { wants: () => false, emit: () => {} },
    resolver: { resolve: () => instance },
    handled: plainHandled([]),
    events: plainEvents,
    role: 'both',
    settings: {
      mode: 'UNTIL_ERROR',
      limits: defaultLimits,
      maxCallDepth: 15,
      timeoutMs: 300_000,
      logger: silent,
      interceptors: [],
      concurrency: 50,
      pollMs: 1_000,
      leaseMs: 15_000,
      sweepMs: 5_000,
      drainTimeoutMs: 1_000,
      dedupMs: 1_000,
      retention: { completedMs: 1_000, failedMs: 1_000 },
    },
  });
  runtime.addWorkers([sleeper]);
  await runtime.start();
  const definition = {
    name: 'sleep',
    families: [],
    checker: {
      schemaHash: null,
      check: (data: unknown) => ({ ok: true as const, data }),
      restore: (data: unknown) => data,
    },
  };
  const request = {
    definition,
    data: null,
    id: null,
    dueAt: null,
    session: null,
    priority: 0,
    dispatcherOptions: null,
  };
  const collect = collector();
  const heap = async (): Promise<number> => {
    await turns(5);
    collect();
    collect();
    return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
  };
  const batch = async (): Promise<void> => {
    for (let at = 0; at < BATCH; at++) await runtime.publisher.publish([request]);
    await turns(50);
    for (let step = 0; step < 4; step++) {
      clock.advance(500);
      await turns(BATCH);
    }
  };
  for (let count = 0; count < 4; count++) await batch();
  const before = await heap();
  for (let done = 0; done < suspensions; done += BATCH) await batch();
  const after = await heap();
  const perSuspension = (after - before) / suspensions;
  expect(runtime.consumer.used).toBe(0);
  await runtime.close();
  expect(clock.nextTimerAt()).toBeNull();
  // Each had a buffer of 4 KiB, a pass and its journal: none may be left.
  expect(perSuspension).toBeLessThan(100);
}, 300_000);
