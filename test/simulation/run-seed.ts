import { jsonCodec } from '../../lib/adapters/codec/json-codec.js';
import { memoryStore } from '../../lib/adapters/memory/memory-store.js';
import { sqliteStore } from '../../lib/adapters/sqlite/sqlite-store.js';
import type { WorkerDefinition } from '../../lib/model/definition.js';
import { isSettled } from '../../lib/model/execution.js';
import type { MessageId } from '../../lib/model/ids.js';
import type { Store } from '../../lib/ports/store.js';
import type { Message } from '../../lib/ports/store-write.js';
import { drawFaults, noFaults, type FaultMix } from '../../lib/testing/simulation/fault-mix.js';
import { SeededRandom } from '../../lib/testing/simulation/seeded-random.js';
import type { AcceptedEvent } from '../../lib/testing/simulation/clients.js';
import { Simulation, type SimulationOptions } from '../../lib/testing/simulation/simulation.js';
import { drawActors, isActorEvent, noActors, sendToActors } from './actor-plan.js';
import { actorDefinitions, actorWorkers } from './actor-worker.js';
import { batchDefinitions, batchWorker, collectBatches, drawBatches, isBatchEvent } from './batch-worker.js';
import { graphDefinitions, graphEvent, graphWorker, RunningSteps } from './graph-worker.js';
import { GraphWriter, type Graph } from './random-graph.js';
import { drawJobs, jobDefinitions, JobStarter, jobWorker } from './job-worker.js';
import { Postman } from './postman.js';
import { Outcomes, type Plan, tickOf } from './program-outcomes.js';
import { programDefinition } from './program-definition.js';
import { programEvent, ProgramWorker, requestFor } from './program-worker.js';
import { ProgramWriter } from './random-program.js';
import { type DrawnSchedule, drawSchedule } from './random-schedule.js';
import { SimulatedRedis } from './simulated-redis.js';

type StoreKind = 'memory' | 'sqlite';

export interface SeedOptions extends Pick<SimulationOptions, 'wrapStore' | 'prepare' | 'keepTrace'> {
  /** Drawn when left out: never Redis, which needs a server. */
  readonly store?: StoreKind | SimulatedRedis;
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

/** Some programs have a hundred retries to wait for. */
const LONGEST_PROGRAM_MS = 30 * 60_000;

/** When virtual time begins. */
const STARTED_AT = 1_767_225_600_000;

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
  const { store = seed % 4 === 0 ? 'sqlite' : 'memory' } = options;
  const faults: FaultMix = options.healthy === true ? noFaults : drawFaults(random.fork('faults'));
  const writer = new ProgramWriter(random.fork('writer'));
  const programs = Array.from({ length: random.int(1, 4) }, () => writer.write());
  const graphs = drawGraphs(random.fork('graphs'));
  const schedules = drawSchedules(random.fork('schedules'), programs.length);
  const actors = random.fork('has actors').chance(0.35) ? drawActors(random.fork('actors')) : noActors;
  const batches = random.fork('has batches').chance(0.25) ? drawBatches(random.fork('batches')) : [];
  const jobs = random.fork('has jobs').chance(0.2) ? drawJobs(random.fork('jobs')) : [];
  const workers = [
    programDefinition(schedules),
    ...graphDefinitions(graphs),
    ...(actors === noActors ? [] : actorDefinitions),
    ...(batches.length === 0 ? [] : batchDefinitions),
    ...(jobs.length === 0 ? [] : jobDefinitions),
  ];
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
    settlesWithinMs: LONGEST_PROGRAM_MS,
    store: storeOf(store),
    workers,
    resolver: (world, machine) => {
      const instances = new Map<string, object>([
        ['program', new ProgramWorker(world, machine, codec, programs, schedules)],
        ...actorWorkers(world, machine),
        ['gatherer', batchWorker(world, machine)],
        ['jobs', jobWorker(world, machine)],
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
    isExpecting: () =>
      starter.open > 0 || schedules.some((_, at) => !simulation.model.schedules.isOver(tickOf(at))),
    ...(options.wrapStore === undefined ? null : { wrapStore: options.wrapStore }),
    ...(options.prepare === undefined ? null : { prepare: options.prepare }),
    keepTrace: options.keepTrace ?? false,
  });
  if (store instanceof SimulatedRedis) store.join(simulation.time);
  const starter = new JobStarter(simulation);
  const describe = `${store instanceof SimulatedRedis ? 'redis' : store}, ${processes} processes, ${settings.mode}${broker ? ', broker' : ''}`;
  return {
    simulation,
    describe,
    run: () => {
      starter.startAll(jobs);
      return runPlan(
        simulation,
        { programs, graphs, schedules, actors, batches, jobs },
        random,
        options.healthy === true,
      );
    },
  };
}

/** Some seeds have declared graphs beside programs. */
function drawGraphs(random: SeededRandom): readonly Graph[] {
  if (!random.chance(0.6)) return [];
  return Array.from({ length: random.int(1, 2) }, () => new GraphWriter(random).write());
}

/** Some seeds have schedules. */
function drawSchedules(random: SeededRandom, programs: number): readonly DrawnSchedule[] {
  if (!random.chance(0.35)) return [];
  return Array.from({ length: random.int(1, 2) }, () => drawSchedule(random, STARTED_AT, programs));
}

function storeOf(kind: NonNullable<SeedOptions['store']>): Store {
  if (kind instanceof SimulatedRedis) return kind.store;
  return kind === 'memory' ? memoryStore({ keep: 10_000 }) : sqliteStore(':memory:');
}

async function runPlan(
  simulation: Simulation,
  plan: Plan,
  seedRandom: SeededRandom,
  healthy: boolean,
): Promise<void> {
  const { programs, graphs } = plan;
  const random = seedRandom.fork('clients');
  await simulation.store.open();
  simulation.start();
  const postman = new Postman(simulation, seedRandom.fork('arrivals'));
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
  sendToActors(simulation, plan.actors);
  collectBatches(simulation, plan.batches);
  const messages = healthy || random.chance(0.6) ? 0 : random.int(1, 6);
  for (let count = 0; count < messages; count++)
    simulation.sendAt(random.between(500, 25_000), (accepted) =>
      messageFor(simulation, accepted, random, count),
    );
  await simulation.run();
  postman.stop();
  await new Outcomes(simulation, plan).check();
  if (healthy) checkHealth(simulation, plan);
  await simulation.close();
}

function messageFor(
  simulation: Simulation,
  accepted: readonly AcceptedEvent[],
  random: SeededRandom,
  count: number,
): Message | null {
  const executions = accepted.flatMap(({ request, published }) =>
    // A turn that is run again changes its actor again.
    isActorEvent(request.definition) || isBatchEvent(request.definition)
      ? []
      : published.executions.map(({ executionId }) => executionId),
  );
  if (executions.length === 0) return null;
  const kind = random.pick(['cancel', 'cancel', 'retry', 'resume'] as const);
  const open = executions.filter((id) => !isSettled(simulation.model.records.get(id)?.status ?? 'completed'));
  const to = random.pick(kind === 'cancel' && open.length > 0 ? open : executions);
  const body =
    kind === 'retry' && random.chance(0.4)
      ? random.pick(['plain', 'deep', 'hasty', '%sleep', '%await'])
      : null;
  return { id: `message ${count}` as MessageId, to, kind, body };
}

function checkHealth(simulation: Simulation, { schedules }: Plan): void {
  const recovered = simulation.events.find(
    (event) => event.name === 'app.recovered' || event.name === 'app.fault',
  );
  if (recovered !== undefined) simulation.violated('I19', `a healthy run told ${JSON.stringify(recovered)}`);
  for (const delay of simulation.store.claimDelays)
    if (delay > 100) simulation.violated('I19', `work was claimed ${delay} ms after it fell due`);
  for (const [at, { policy }] of schedules.entries()) {
    const lateMs = simulation.model.schedules.latestMs.get(tickOf(at)) ?? 0;
    if (policy.overlap === 'allow' && lateMs > 100)
      simulation.violated('I19', `${tickOf(at)} ticked ${lateMs} ms after its instant`);
  }
}
