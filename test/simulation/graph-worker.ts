import type { DeclaredStep } from '../../lib/model/declared-step.js';
import type { StepDefinition, WorkerClass, WorkerDefinition } from '../../lib/model/definition.js';
import type { ConcurrencyPolicy } from '../../lib/model/policies.js';
import { defaultRetryPolicy, noRetryPolicy } from '../../lib/model/retry-policy.js';
import type { Codec } from '../../lib/ports/codec.js';
import type { Frame } from '../../lib/step/frame.js';
import type { Machine } from '../../lib/testing/simulation/machine.js';
import type { Simulation } from '../../lib/testing/simulation/simulation.js';
import { innerValue, itemsOfStep, rootValue, valueOfStep } from './graph-value.js';
import { anyEvent, currentFrame } from './program-worker.js';
import { ROOT, STEP_ATTEMPTS, type Graph, type GraphStep } from './random-graph.js';

const DAY_MS = 86_400_000;
const UNDO = 'undo';

/** Drawn graphs as a worker class would declare them, each a worker of its own. */
export function graphDefinitions(graphs: readonly Graph[]): readonly WorkerDefinition[] {
  return graphs.map((graph, at) => definitionOf(graph, `graph${at}`));
}

/** The event that starts the graph with that number. */
export function graphEvent(at: number): ReturnType<typeof anyEvent> {
  return anyEvent(`graph${at}`);
}

/** The number of the graph that a definition runs; null: it is none. */
export function graphOf(definition: string): number | null {
  const number = /^graph(\d+)\./.exec(definition)?.[1];
  return number === undefined ? null : Number(number);
}

/** The instance whose methods are the steps of a drawn graph. */
export function graphWorker(
  definition: WorkerDefinition,
  graph: Graph,
  simulation: Simulation,
  machine: Machine,
  codec: Codec,
  limits: RunningSteps | null,
): object {
  const bodies = new GraphBodies(definition.id, graph, simulation, machine, codec, limits);
  const methods: Record<string, (...args: readonly unknown[]) => unknown> = {
    [ROOT]: (event) => rootValue(event),
    [UNDO]: () => bodies.undo(),
  };
  for (const step of graph.steps) methods[step.name] = (...args) => bodies.run(step, args);
  return Object.assign(Object.create(definition.type.prototype as object) as object, methods);
}

/** Counts the bodies that run in all processes. Only where none dies or stands still: a limit holds for what is alive. */
export class RunningSteps {
  private readonly counts = new Map<string, number>();

  constructor(private readonly violated: (rule: string, what: string) => void) {}

  began(step: string, limit: number | null): void {
    const count = (this.counts.get(step) ?? 0) + 1;
    this.counts.set(step, count);
    if (limit !== null && count > limit)
      this.violated('limit', `${count} bodies of ${step} run at the same time, of ${limit}`);
  }

  ended(step: string): void {
    this.counts.set(step, (this.counts.get(step) ?? 0) - 1);
  }
}

class GraphBodies {
  constructor(
    private readonly worker: string,
    private readonly graph: Graph,
    private readonly simulation: Simulation,
    private readonly machine: Machine,
    private readonly codec: Codec,
    private readonly limits: RunningSteps | null,
  ) {}

  async run(step: GraphStep, args: readonly unknown[]): Promise<unknown> {
    const name = `${this.worker}.${step.name}`;
    this.limits?.began(name, step.atOnce);
    try {
      return await this.body(step, args);
    } finally {
      this.limits?.ended(name);
    }
  }

  private async body(step: GraphStep, args: readonly unknown[]): Promise<unknown> {
    const frame = currentFrame();
    this.simulation.bodies.started(frame, false);
    this.got(step, args, frame);
    await this.pause(step.ms / 2);
    for (let at = 0; at < step.inner; at++)
      await frame.inline({ name: `inner ${at}`, body: () => this.inner(step.name, at) });
    await this.pause(step.ms / 2);
    if (frame.attempt <= step.throws && this.mayThrow(step, args))
      throw new Error(`attempt ${frame.attempt} of ${step.name}`);
    return valueOfStep(step, args);
  }

  async undo(): Promise<void> {
    this.simulation.bodies.started(currentFrame(), false);
    await this.pause(5);
  }

  private async inner(name: string, at: number): Promise<string> {
    this.simulation.bodies.started(currentFrame(), false);
    await this.pause(1);
    return innerValue(name, at);
  }

  /** Predecessors have given their values: every body of it gets the same, and theirs never run again. */
  private got(step: GraphStep, args: readonly unknown[], frame: Frame): void {
    const { bodies } = this.simulation;
    bodies.settled(frame, `${frame.path} got`, this.codec.encode(args));
    const known = new Map(this.graph.steps.map((each) => [each.name, each]));
    for (const name of step.join === 'all' ? step.after : [])
      if (known.get(name)?.items === null) bodies.reported(frame, `${ROOT}/${name}`);
  }

  private mayThrow(step: GraphStep, [item]: readonly unknown[]): boolean {
    if (step.items === null) return true;
    const last = itemsOfStep(step, []).at(-1) as { readonly item: number };
    return (item as { readonly item: number }).item === last.item;
  }

  private pause(ms: number): Promise<void> {
    if (ms === 0) return Promise.resolve();
    return new Promise((resolve) => this.machine.moment(ms, resolve));
  }
}

function definitionOf(graph: Graph, worker: string): WorkerDefinition {
  const type: WorkerClass = class {};
  const undone = graph.steps.filter(({ isUndone }) => isUndone);
  return {
    id: worker,
    description: null,
    logLevel: null,
    type,
    handlers: [
      {
        id: `${worker}.${ROOT}`,
        worker,
        method: ROOT,
        description: null,
        declared: graph.steps.map(declaredOf),
        concurrency: limitOf(graph.atOnce),
        rateLimit: null,
        priority: 0,
        routes: [{ event: worker, accepts: null }],
        retry: noRetryPolicy,
        timeoutMs: null,
      },
    ],
    steps: new Map([
      [UNDO, stepOf(worker, UNDO)],
      ...graph.steps.map(
        ({ name, atOnce, aSecond }) => [name, stepOf(worker, name, atOnce, aSecond)] as const,
      ),
    ]),
    compensations: new Map(undone.map(({ name }) => [name, UNDO])),
    renames: new Map(),
    graph: { worker, nodes: [], edges: [], fingerprint: `${worker}-1` },
  };
}

function declaredOf(step: GraphStep): DeclaredStep {
  const { name, after, join, when, items } = step;
  return {
    name,
    after,
    join,
    when:
      when === null
        ? null
        : when === 'otherwise'
          ? { kind: 'otherwise' }
          : { kind: 'predicate', test: () => when },
    each:
      items === null
        ? null
        : {
            of: (...values: readonly unknown[]) => itemsOfStep(step, values),
            concurrency: items.concurrency,
          },
  };
}

function limitOf(atOnce: number | null): ConcurrencyPolicy | null {
  return atOnce === null ? null : { limit: atOnce, key: null };
}

function stepOf(
  worker: string,
  name: string,
  atOnce: number | null = null,
  aSecond: number | null = null,
): StepDefinition {
  return {
    worker,
    name,
    description: null,
    retry: {
      ...defaultRetryPolicy,
      backoff: { kind: 'fixed', delayMs: 200 },
      maxAttempts: STEP_ATTEMPTS,
      explicit: true,
    },
    timeoutMs: DAY_MS,
    atMostOnce: false,
    key: null,
    isDeclared: true,
    concurrency: limitOf(atOnce),
    rateLimit: aSecond === null ? null : { limit: aSecond, perMs: 1_000, key: null },
  };
}
