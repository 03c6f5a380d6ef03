import { jsonCodec } from '../../../lib/adapters/codec/json-codec.js';
import { memoryStore } from '../../../lib/adapters/memory/memory-store.js';
import type { RuntimeSettings } from '../../../lib/app/runtime/runtime-parts.js';
import type { DeclaredStep } from '../../../lib/model/declared-step.js';
import type { HandlerDefinition, StepDefinition, WorkerDefinition } from '../../../lib/model/definition.js';
import type { ExecutionRecord } from '../../../lib/model/execution.js';
import type { ExecutionId, MessageId } from '../../../lib/model/ids.js';
import { defaultRetryPolicy, noRetryPolicy } from '../../../lib/model/retry-policy.js';
import { shared } from '../../../lib/ports/current-execution.js';
import type { EventDefinition } from '../../../lib/ports/event-checker.js';
import type { Store } from '../../../lib/ports/store.js';
import type { Message } from '../../../lib/ports/store-write.js';
import type { Frame } from '../../../lib/step/frame.js';
import type { PublishRequest } from '../../../lib/dispatch/publish-request.js';
import { noFaults, type FaultMix } from '../../../lib/testing/simulation/fault-mix.js';
import type { Machine } from '../../../lib/testing/simulation/machine.js';
import type { SimulatedProcess } from '../../../lib/testing/simulation/simulated-process.js';
import { Simulation } from '../../../lib/testing/simulation/simulation.js';

const DAY_MS = 86_400_000;
const codec = jsonCodec();

/** What a scenario's handler calls. */
export interface Calls {
  readonly frame: Frame;
  readonly machine: Machine;
  /** Calls a step; its policies are those that the scenario gave that name. */
  readonly step: <T>(name: string, args: readonly unknown[], body: () => T | Promise<T>) => Promise<T>;
  readonly inline: <T>(name: string, body: () => T | Promise<T>) => Promise<T>;
  readonly sleep: (ms: number) => Promise<void>;
  /** `null` when the time is over; without a time it waits for ever. */
  readonly waitFor: (event: string, key: string, timeoutMs?: number) => Promise<unknown>;
  /** Virtual time that no journal knows of: I/O. */
  readonly wait: (ms: number) => Promise<void>;
  readonly publish: (event: string, data: unknown, id?: string) => Promise<unknown>;
}

export interface ScenarioOptions {
  readonly handler: (calls: Calls, event: unknown) => unknown;
  readonly steps?: Readonly<Record<string, Partial<StepDefinition>>>;
  /** Methods of the instance that the graph calls by itself. */
  readonly methods?: (calls: Calls) => Readonly<Record<string, (...args: never[]) => unknown>>;
  readonly compensations?: Readonly<Record<string, string>>;
  readonly definition?: Partial<HandlerDefinition>;
  readonly settings?: Partial<RuntimeSettings>;
  readonly store?: Store;
  readonly faults?: Partial<FaultMix>;
  readonly processes?: number;
  readonly broker?: boolean;
  readonly wrapStore?: (store: Store) => Store;
  readonly seed?: string;
  /** Changes a process before it starts. */
  readonly prepare?: (process: SimulatedProcess) => void;
}

/** One worker, written by hand, on simulated processes: virtual time, no decorators. */
export class Scenario {
  readonly simulation: Simulation;
  /** Bodies in the order in which they began: `name#attempt`. */
  readonly began: string[] = [];
  private messages = 0;
  private readonly keys = new Map<string, Set<string>>();

  constructor(private readonly options: ScenarioOptions) {
    class ScenarioWorker {}
    const callsOf = (instance: object, machine: Machine): Calls => this.calls(instance, machine);
    const { handler, faults, steps = {} } = options;
    const definition: HandlerDefinition = {
      id: 'scenario.handle',
      worker: 'scenario',
      method: 'handle',
      description: null,
      routes: [{ event: 'begin', accepts: null }],
      retry: defaultRetryPolicy,
      timeoutMs: null,
      declared: [],
      concurrency: null,
      rateLimit: null,
      priority: 0,
      ...options.definition,
    };
    const worker: WorkerDefinition = {
      id: 'scenario',
      description: null,
      logLevel: null,
      type: ScenarioWorker,
      handlers: [definition],
      steps: new Map(Object.entries(steps).map(([name, policies]) => [name, stepOf(name, policies)])),
      compensations: new Map(Object.entries(options.compensations ?? {})),
      renames: new Map(),
      graph: { worker: 'scenario', nodes: [], edges: [], fingerprint: 'scenario-1' },
    };
    this.simulation = new Simulation({
      seed: options.seed ?? 'scenario',
      store: options.store ?? memoryStore({ keep: 200_000 }),
      workers: [worker],
      resolver: (_, machine) => {
        const instance = Object.assign(new ScenarioWorker(), {
          handle: (event: unknown) => handler(callsOf(instance, machine), event),
        });
        for (const [name, body] of Object.entries(options.methods?.(callsOf(instance, machine)) ?? {}))
          Object.assign(instance, {
            [name]: (...args: unknown[]) => this.noted(name, () => body(...(args as never[])))(),
          });
        return { resolve: () => instance };
      },
      faults: { ...noFaults, ...faults },
      processes: options.processes ?? 1,
      broker: options.broker ?? false,
      ...(options.settings === undefined ? null : { settings: options.settings }),
      ...(options.prepare === undefined ? null : { prepare: options.prepare }),
      ...(options.wrapStore === undefined ? null : { wrapStore: options.wrapStore }),
    });
  }

  /** Starts the processes. */
  async start(): Promise<void> {
    await this.simulation.store.open();
    this.simulation.start();
    await this.pass(20);
  }

  /** Publishes `begin` and answers its execution's id. */
  async begin(data: unknown = null, options: Partial<PublishRequest> = {}): Promise<ExecutionId> {
    const before = this.simulation.accepted.length;
    this.simulation.publishAt(this.simulation.time.elapsed, requestOf('begin', data, options), false);
    await this.simulation.time.run(
      this.simulation.time.elapsed + 1_000,
      () => this.simulation.accepted.length > before,
    );
    const id = this.simulation.accepted.at(-1)?.published.executions[0]?.executionId;
    if (id === undefined || this.simulation.accepted.length === before)
      throw new Error('the event was not accepted');
    return id;
  }

  /** The idempotency keys under which bodies of that step ran. */
  effects(name: string): ReadonlySet<string> {
    return this.keys.get(name) ?? new Set();
  }

  /** A publish of that event. */
  request(event: string, data: unknown = null, options: Partial<PublishRequest> = {}): PublishRequest {
    return requestOf(event, data, options);
  }

  /** Lets virtual time pass. */
  pass(ms: number): Promise<void> {
    return this.simulation.time.run(this.simulation.time.elapsed + ms);
  }

  send(to: ExecutionId, kind: Message['kind'], body: string | null = null): void {
    const message = { id: `m${++this.messages}` as MessageId, to, kind, body };
    this.simulation.sendAt(this.simulation.time.elapsed, () => message);
  }

  /** The process that runs the execution dies. */
  crashOwner(id: ExecutionId): void {
    const owner = this.simulation.model.records.get(id)?.owner;
    const process = this.simulation.processes.find(({ runtime }) => runtime.owner === owner);
    if (process === undefined) throw new Error(`nobody runs ${id}`);
    process.machine.crash();
  }

  async record(id: ExecutionId): Promise<ExecutionRecord> {
    const record = await this.simulation.store.read(id);
    if (record === null) throw new Error(`no execution ${id}`);
    return record;
  }

  /** Slots in use, of all processes. */
  get used(): number {
    return this.simulation.processes.reduce((sum, { runtime }) => sum + runtime.consumer.used, 0);
  }

  /** Timers held, of all processes. */
  get timers(): number {
    return this.simulation.processes.reduce((sum, { machine }) => sum + machine.clock.pending, 0);
  }

  private noted<T>(name: string, body: () => T): () => T {
    return () => {
      const frame = currentFrame();
      this.began.push(`${name}#${frame.attempt}`);
      this.keys.set(name, (this.keys.get(name) ?? new Set()).add(frame.idempotencyKey));
      this.simulation.bodies.started(frame, false);
      return body();
    };
  }

  private calls(instance: object, machine: Machine): Calls {
    const { time } = this.simulation;
    return {
      machine,
      get frame() {
        return currentFrame();
      },
      step: (name, args, body) =>
        currentFrame().step({ receiver: instance, name, args, body: this.noted(name, body) }) as never,
      inline: (name, body) => currentFrame().inline({ name, body: this.noted(name, body) }) as never,
      sleep: (ms) => currentFrame().sleep(ms),
      waitFor: (event, key, timeoutMs) =>
        currentFrame().waitFor({
          events: [{ source: {}, event, key }],
          until: 'any',
          isList: false,
          timeoutMs: timeoutMs ?? null,
        }),
      wait: (ms) => new Promise((resolve) => void time.after(ms, machine, resolve)),
      publish: (event, data, id) =>
        currentFrame().publish(() => [requestOf(event, data, { id: id ?? null })]),
    };
  }
}

/** The stored value of an execution. */
export function valueOf(record: ExecutionRecord): unknown {
  return record.value === null ? null : codec.decode(record.value);
}

/** The stored error of an execution. */
export function errorOf(record: ExecutionRecord): unknown {
  return record.error === null ? null : codec.decodeFailure(record.error);
}

function requestOf(name: string, data: unknown, options: Partial<PublishRequest>): PublishRequest {
  const definition: EventDefinition = {
    name,
    families: [],
    // What has a key can be waited for.
    ...(isKeyed(data) ? { mail: { correlate: 'key', keepMs: 7 * DAY_MS } } : null),
    checker: {
      schemaHash: null,
      check: (checked) => ({ ok: true, data: checked }),
      restore: (stored) => stored,
    },
  };
  return {
    definition,
    data,
    id: null,
    dueAt: null,
    session: null,
    priority: 0,
    dispatcherOptions: null,
    ...options,
  };
}

function isKeyed(data: unknown): boolean {
  return typeof data === 'object' && data !== null && 'key' in data;
}

/** A declared step after these; the rest as given. */
export function declared(
  name: string,
  after: readonly string[],
  rest: Partial<DeclaredStep> = {},
): DeclaredStep {
  return { name, after, join: 'all', when: null, each: null, ...rest };
}

function stepOf(name: string, policies: Partial<StepDefinition>): StepDefinition {
  const plain = {
    worker: 'scenario',
    name,
    description: null,
    retry: noRetryPolicy,
    timeoutMs: DAY_MS,
    atMostOnce: false,
    key: null,
    isDeclared: false,
    concurrency: null,
    rateLimit: null,
  };
  return { ...plain, ...policies };
}

function currentFrame(): Frame {
  const frame = shared().storage.getStore();
  if (frame === undefined) throw new Error('no execution runs here');
  return frame as Frame;
}
