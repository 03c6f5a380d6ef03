import { jsonCodec } from '../../lib/adapters/codec/json-codec.js';
import { memoryStore } from '../../lib/adapters/memory/memory-store.js';
import { sqliteStore } from '../../lib/adapters/sqlite/sqlite-store.js';
import type { WorkerDefinition } from '../../lib/model/definition.js';
import { isSettled, type ExecutionRecord } from '../../lib/model/execution.js';
import type { ExecutionId, MessageId } from '../../lib/model/ids.js';
import type { Store } from '../../lib/ports/store.js';
import type { Message } from '../../lib/ports/store-write.js';
import { drawFaults, noFaults, type FaultMix } from '../../lib/testing/simulation/fault-mix.js';
import { GuaranteeViolatedError } from '../../lib/testing/simulation/guarantee-violated-error.js';
import { SeededRandom } from '../../lib/testing/simulation/seeded-random.js';
import type { AcceptedEvent } from '../../lib/testing/simulation/clients.js';
import { Simulation, type SimulationOptions } from '../../lib/testing/simulation/simulation.js';
import { expectedOutcome } from './expected-outcome.js';
import { expectedGraph } from './expected-graph.js';
import { checkGraph } from './graph-outcomes.js';
import { graphDefinitions, graphEvent, graphOf, graphWorker, RunningSteps } from './graph-worker.js';
import { misfit } from './misfit.js';
import { GraphWriter, type Graph } from './random-graph.js';
import { childEvent, programDefinition, programEvent, ProgramWorker, requestFor } from './program-worker.js';
import { ProgramWriter, type Node, type Program } from './random-program.js';

export type StoreKind = 'memory' | 'sqlite';

export interface SeedOptions extends Pick<SimulationOptions, 'wrapStore' | 'prepare' | 'keepTrace'> {
  readonly store?: StoreKind;
  /** Without faults: a healthy cluster. */
  readonly healthy?: boolean;
  /** Gets the simulation before it runs. */
  readonly inspect?: (simulation: Simulation) => void;
}

export interface SeedResult {
  readonly digest: string;
  readonly bodies: number;
  readonly executions: number;
  readonly simulatedMs: number;
  readonly simulation: Simulation;
}

const codec = jsonCodec();

/** Runs what one seed draws: programs, processes, faults, messages; throws what did not hold. */
export async function runSeed(seed: number, options: SeedOptions = {}): Promise<SeedResult> {
  const plan = draw(seed, options);
  const { simulation } = plan;
  options.inspect?.(simulation);
  try {
    await plan.run();
  } catch (error) {
    const lines = simulation.trace.lines.slice(-60).join('\n');
    throw new Error(
      `seed ${seed} (${plan.describe}): ${String(error)}\nHOLDFAST_SEED=${seed} npx jest test/simulation\n${lines}`,
      { cause: error },
    );
  }
  const { digest } = simulation.trace;
  const simulatedMs = simulation.time.elapsed;
  return {
    digest,
    bodies: simulation.bodies.bodies,
    executions: simulation.model.records.size,
    simulatedMs,
    simulation,
  };
}

function draw(
  seed: number,
  options: SeedOptions,
): { readonly simulation: Simulation; readonly describe: string; run(): Promise<void> } {
  const random = new SeededRandom(`programs ${seed}`);
  const kind = options.store ?? (seed % 4 === 0 ? 'sqlite' : 'memory');
  const faults: FaultMix = options.healthy === true ? noFaults : drawFaults(random.fork('faults'));
  const writer = new ProgramWriter(random.fork('writer'));
  const programs = Array.from({ length: random.int(1, 4) }, () => writer.write());
  const graphs = drawGraphs(random.fork('graphs'));
  const workers = [programDefinition, ...graphDefinitions(graphs)];
  const quick = random.chance(0.5);
  const settings = {
    mode: random.chance(0.25) ? ('ISOLATED' as const) : ('UNTIL_ERROR' as const),
    leaseMs: quick ? 4_000 : 15_000,
    sweepMs: quick ? 1_500 : 5_000,
    concurrency: options.healthy === true ? 50 : random.pick([1, 2, 10]),
    interceptors: random.chance(0.3) ? [(_: unknown, next: () => Promise<unknown>) => next()] : [],
  };
  const processes = random.int(1, 4);
  const broker = random.chance(0.4);
  const limits =
    options.healthy === true ? new RunningSteps((rule, what) => simulation.violated(rule, what)) : null;
  const simulation: Simulation = new Simulation({
    seed: `world ${seed}`,
    store: storeOf(kind),
    workers,
    resolver: (world, machine) => {
      const instances = new Map<string, object>([
        ['program', new ProgramWorker(world, machine, codec, programs)],
      ]);
      for (const [at, graph] of graphs.entries()) {
        const definition = workers[at + 1] as WorkerDefinition;
        instances.set(definition.id, graphWorker(definition, graph, world, machine, codec, limits));
      }
      return { resolve: ({ id }) => instances.get(id) as object };
    },
    faults,
    processes,
    broker,
    settings,
    ...(options.wrapStore === undefined ? null : { wrapStore: options.wrapStore }),
    ...(options.prepare === undefined ? null : { prepare: options.prepare }),
    keepTrace: options.keepTrace ?? false,
  });
  const describe = `${kind}, ${processes} processes, ${settings.mode}${broker ? ', broker' : ''}`;
  return {
    simulation,
    describe,
    run: () => runPlan(simulation, programs, graphs, random.fork('clients'), options.healthy === true),
  };
}

/** Some seeds have declared graphs beside programs. */
function drawGraphs(random: SeededRandom): readonly Graph[] {
  if (!random.chance(0.6)) return [];
  return Array.from({ length: random.int(1, 2) }, () => new GraphWriter(random).write());
}

function storeOf(kind: StoreKind): Store {
  return kind === 'memory' ? memoryStore({ keep: 10_000 }) : sqliteStore(':memory:');
}

async function runPlan(
  simulation: Simulation,
  programs: readonly Program[],
  graphs: readonly Graph[],
  random: SeededRandom,
  healthy: boolean,
): Promise<void> {
  await simulation.store.open();
  simulation.start();
  const total = random.int(1, 5);
  for (let count = 0; count < total; count++) {
    const at = random.between(0, 15_000);
    const id = random.chance(0.5) ? `event ${count}` : null;
    const request = requestFor(
      programEvent,
      { program: random.int(0, programs.length - 1), count },
      {
        id,
        dueAt: random.chance(0.15)
          ? simulation.time.now() + Math.round(at + random.between(0, 20_000))
          : null,
        session: random.chance(0.3) ? random.pick(['one', 'two']) : null,
        priority: random.int(-100, 100),
      },
    );
    simulation.publishAt(at, request, id !== null);
    if (id !== null && random.chance(0.5))
      simulation.publishAt(at + random.between(0, 20_000), request, true);
  }
  const chance = random.fork('graphs');
  for (let count = graphs.length === 0 ? 0 : chance.int(1, 4); count > 0; count--)
    simulation.publishAt(
      chance.between(0, 15_000),
      requestFor(graphEvent(chance.int(0, graphs.length - 1)), { count }, { id: `graph ${count}` }),
      true,
    );
  const messages = healthy || random.chance(0.6) ? 0 : random.int(1, 6);
  for (let count = 0; count < messages; count++)
    simulation.sendAt(random.between(500, 25_000), (accepted) =>
      messageFor(simulation, accepted, random, count),
    );
  await simulation.run();
  await new Outcomes(simulation, programs, graphs).check();
  if (healthy) checkHealth(simulation);
  await simulation.close();
}

function messageFor(
  simulation: Simulation,
  accepted: readonly AcceptedEvent[],
  random: SeededRandom,
  count: number,
): Message | null {
  const executions = accepted.flatMap(({ published }) =>
    published.executions.map(({ executionId }) => executionId),
  );
  if (executions.length === 0) return null;
  const kind = random.pick(['cancel', 'cancel', 'retry', 'resume'] as const);
  const open = executions.filter((id) => !isSettled(simulation.model.records.get(id)?.status ?? 'completed'));
  const to = random.pick(kind === 'cancel' && open.length > 0 ? open : executions);
  const body =
    kind === 'retry' && random.chance(0.4) ? random.pick(['plain', 'deep', 'hasty', '%sleep']) : null;
  return { id: `message ${count}` as MessageId, to, kind, body };
}

function checkHealth(simulation: Simulation): void {
  const recovered = simulation.events.find(
    (event) => event.name === 'app.recovered' || event.name === 'app.fault',
  );
  if (recovered !== undefined) simulation.violated('I19', `a healthy run told ${JSON.stringify(recovered)}`);
  for (const delay of simulation.store.claimDelays)
    if (delay > 100) simulation.violated('I19', `work was claimed ${delay} ms after it fell due`);
}

/** Compares what became of everything accepted with what the programs say. */
class Outcomes {
  constructor(
    private readonly simulation: Simulation,
    private readonly programs: readonly Program[],
    private readonly graphs: readonly Graph[],
  ) {}

  async check(): Promise<void> {
    const records = await this.simulation.records();
    this.checkAccepted(records);
    const children = new Map<string, number>();
    for (const record of records.values())
      if (record.eventName === childEvent.name)
        children.set(record.input, (children.get(record.input) ?? 0) + 1);
    for (const record of records.values()) {
      if (record.eventName === programEvent.name && record.definition.id === 'program.run')
        this.checkProgram(record, children);
      else if (graphOf(record.definition.id) !== null) await this.checkGraph(record);
      else this.checkStatus(record, 'completed');
    }
    for (const [input, count] of children) {
      const { parent } = codec.decode(input) as { readonly parent: ExecutionId };
      // `retry({ from })` forgets that it was published: each epoch may publish it again.
      const most = 1 + (records.get(parent)?.epoch ?? 0);
      if (count > most) this.broken('I2', `${count} executions of child ${input}`);
    }
  }

  private async checkGraph(record: ExecutionRecord): Promise<void> {
    const graph = this.graphs[graphOf(record.definition.id) ?? 0] as Graph;
    const { status } = expectedGraph(graph, codec.decode(record.input));
    const messages = this.simulation.model.records.get(record.id)?.messages ?? 0;
    if (!this.checkStatus(record, status) && record.status !== 'cancelled') return;
    if (messages > 0) return;
    const journal = await this.simulation.store.journal(record.id);
    checkGraph(record, journal, graph, codec, (rule, what) => this.broken(rule, what));
  }

  private checkAccepted(records: ReadonlyMap<ExecutionId, ExecutionRecord>): void {
    for (const { request, published } of this.simulation.accepted) {
      const ids = new Set(published.executions.map(({ executionId }) => executionId));
      if (ids.size !== (request.definition === programEvent ? 2 : 1))
        this.broken('I2', `event ${published.eventId} has ${ids.size} executions`);
      for (const id of ids) if (!records.has(id)) this.broken('I1', `${id} was accepted and does not exist`);
    }
    const seen = new Set<string>();
    for (const { eventId, definition, session } of records.values()) {
      const name = JSON.stringify([session, eventId, definition.id]);
      if (seen.has(name)) this.broken('I2', `two executions of ${name}`);
      seen.add(name);
    }
  }

  private checkProgram(record: ExecutionRecord, children: ReadonlyMap<string, number>): void {
    const { program } = codec.decode(record.input) as { readonly program: number };
    const nodes = (this.programs[program] as Program).nodes;
    const expected = expectedOutcome(this.programs[program] as Program);
    if (
      !this.checkStatus(record, expected.status) ||
      record.status !== 'completed' ||
      expected.status !== 'completed'
    )
      return;
    const where = misfit(codec.decode(record.value ?? 'null'), expected.value);
    // After `retry()` what had failed runs again, in its own time: calls told apart by order alone may change places.
    const isReordered = record.epoch > 0 && uses(nodes, '"bare":true');
    const mayDiffer = (uses(nodes, '"step":"once"') && record.fence > 1) || isReordered;
    if (where !== null && !mayDiffer)
      this.broken('value', `${record.id} differs at ${where}: it gave ${String(record.value)}`);
    if (mayDiffer) return;
    for (const site of expected.publishes) {
      const input = codec.encode({ parent: record.id, site });
      if ((children.get(input) ?? 0) === 0)
        this.broken('I2', `${children.get(input) ?? 0} executions of child ${input}`);
    }
  }

  /** Whether the execution ended as planned; other ends need a reason. */
  private checkStatus(record: ExecutionRecord, planned: 'completed' | 'failed'): boolean {
    if (record.status === planned) return true;
    const messages = this.simulation.model.records.get(record.id)?.messages ?? 0;
    const error = record.error ?? '';
    const excused =
      (record.status === 'cancelled' && messages > 0) ||
      (record.status === 'parked' && error.includes('POISONED')) ||
      (record.status === 'failed' && error.includes('STEP_INTERRUPTED')) ||
      (record.status === 'completed' && messages > 0);
    if (!excused)
      this.broken(
        'outcome',
        `${record.id} is ${record.status} instead of ${planned}: ${error.slice(0, 400)}`,
      );
    return false;
  }

  private broken(rule: string, what: string): never {
    throw new GuaranteeViolatedError(rule, what);
  }
}

function uses(nodes: readonly Node[], what: string): boolean {
  return JSON.stringify(nodes).includes(what);
}
