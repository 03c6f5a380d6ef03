import { memoryStore } from '../../lib/adapters/memory/memory-store.js';
import { sqliteStore } from '../../lib/adapters/sqlite/sqlite-store.js';
import { compileGraph } from '../../lib/compiler/compile-graph.js';
import type { StepDefinition, WorkerDefinition } from '../../lib/model/definition.js';
import { defaultRetryPolicy } from '../../lib/model/retry-policy.js';
import type { GraphNode } from '../../lib/model/step-graph.js';
import { shared } from '../../lib/ports/current-execution.js';
import type { Frame } from '../../lib/step/frame.js';
import { drawFaults } from '../../lib/testing/simulation/fault-mix.js';
import { SeededRandom } from '../../lib/testing/simulation/seeded-random.js';
import { Simulation } from '../../lib/testing/simulation/simulation.js';
import { plainRuntime, type Wiring } from '../../lib/testing/simulation/simulated-process.js';
import { anyEvent, requestFor } from './program-worker.js';
import { shareOfCorpus } from './share-of-corpus.js';

const begin = anyEvent('begin');

/** What the three steps are called in each version, and from when on processes start with it, in ms. */
const VERSIONS = [
  { from: 0, names: ['first', 'second', 'third'] },
  { from: 6_000, names: ['one', 'second', 'third'] },
  { from: 14_000, names: ['uno', 'due', 'third'] },
] as const;

type Version = (typeof VERSIONS)[number];

class DeployedWorker {}

/** Every former name of each step. */
function renamesOf({ from, names }: Version): ReadonlyMap<string, string> {
  const renames = new Map<string, string>();
  for (const earlier of VERSIONS.filter((version) => version.from < from))
    for (const [at, name] of names.entries()) {
      const old = earlier.names[at];
      if (old !== undefined && old !== name) renames.set(old, name);
    }
  return renames;
}

function definitionOf(version: Version): WorkerDefinition {
  const renames = renamesOf(version);
  const limits = { concurrency: null, rateLimit: null };
  const steps = version.names.map(
    (name): StepDefinition => ({
      worker: 'deployed',
      name,
      description: null,
      retry: { ...defaultRetryPolicy, maxAttempts: 50 },
      timeoutMs: null,
      atMostOnce: false,
      key: null,
      isDeclared: false,
      ...limits,
    }),
  );
  const node = (name: string, kind: GraphNode['kind']): GraphNode => ({
    name,
    kind,
    description: null,
    renamedFrom: [...renames.keys()].filter((old) => renames.get(old) === name),
    join: null,
    route: null,
    fanOut: null,
    policies: { maxAttempts: null, timeoutMs: null, priority: 0, ...limits },
  });
  return {
    id: 'deployed',
    description: null,
    logLevel: null,
    type: DeployedWorker,
    handlers: [
      {
        id: 'deployed.run',
        worker: 'deployed',
        method: 'run',
        description: null,
        routes: [{ event: 'begin', accepts: null }],
        retry: defaultRetryPolicy,
        timeoutMs: null,
        declared: [],
        priority: 0,
        ...limits,
      },
    ],
    steps: new Map(steps.map((step) => [step.name, step])),
    compensations: new Map(),
    renames,
    graph: compileGraph(
      'deployed',
      [node('run', 'handler'), ...version.names.map((name) => node(name, 'step'))],
      [],
    ),
  };
}

interface Run {
  readonly simulation: Simulation;
  /** Steps whose result was reported: their bodies may not begin again. */
  readonly reported: Set<string>;
  /** Executions that began with one version and got a result with another. */
  readonly crossed: Set<string>;
  readonly startedWith: Map<string, Version>;
}

function instanceOf(run: Run, version: Version, { machine }: Wiring): object {
  const { simulation, reported } = run;
  const currentFrame = (): Frame => shared().storage.getStore() as Frame;
  const instance = Object.assign(new DeployedWorker(), {
    run: async (event: unknown): Promise<string> => {
      const { id } = currentFrame().context;
      const known = run.startedWith.get(id) ?? version;
      run.startedWith.set(id, known);
      let value = String((event as { readonly count: number }).count);
      for (const [at, name] of version.names.entries()) {
        const key = `${id} ${at}`;
        const before = value;
        const body = async (): Promise<string> => {
          if (reported.has(key)) simulation.violated('G3', `step ${name} of ${key} ran again`);
          await new Promise<void>((resolve) => void simulation.time.after(300, machine, resolve));
          if (currentFrame().attempt === 1 && (id.length + at) % 2 === 0) throw new Error('not yet');
          return `${at}(${before})`;
        };
        value = (await currentFrame().step({ receiver: instance, name, args: [before], body })) as string;
        reported.add(key);
        if (known !== version) run.crossed.add(id);
        await currentFrame().sleep(2_000);
      }
      return value;
    },
  });
  return instance;
}

/** Runs one seed; answers how many executions went on with another version than they began with. */
async function runSeed(seed: number): Promise<number> {
  const random = new SeededRandom(`deploys ${seed}`);
  const run: Run = {
    reported: new Set(),
    crossed: new Set(),
    startedWith: new Map(),
    simulation: new Simulation({
      seed: `deploys ${seed}`,
      store: seed % 4 === 0 ? sqliteStore(':memory:') : memoryStore(),
      boot: async (wiring, simulation) => {
        const version = VERSIONS.findLast(({ from }) => simulation.time.elapsed >= from) ?? VERSIONS[0];
        return plainRuntime(wiring, [definitionOf(version)], {
          resolve: () => instanceOf(run, version, wiring),
        });
      },
      // A version of which no process is left for good would keep what it has gone on with.
      faults: { ...drawFaults(random.fork('faults')), goneForGood: 0 },
      processes: random.int(1, 3),
      broker: random.chance(0.3),
    }),
  };
  const { simulation } = run;
  await simulation.store.open();
  simulation.start();
  for (let count = 0; count < 6; count++)
    simulation.publishAt(
      random.between(0, 12_000),
      requestFor(begin, { count }, { id: `event ${count}` }),
      true,
    );
  await simulation.run();
  for (const [id, record] of await simulation.records()) {
    const { count } = JSON.parse(record.input) as { readonly count: number };
    if (record.status !== 'completed' || record.value !== JSON.stringify(`2(1(0(${count})))`))
      simulation.violated('G16', `${id} is ${record.status}: ${record.value ?? record.error}`);
  }
  await simulation.close();
  return run.crossed.size;
}

test('executions that are renamed under their feet, by deploys amid crashes and faults, run each step once', async () => {
  const seeds = shareOfCorpus();
  let crossed = 0;
  for (let seed = 1; seed <= seeds; seed++)
    crossed += await runSeed(seed).catch((error: unknown) => {
      throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
    });
  expect(crossed).toBeGreaterThan(seeds / 2);
}, 120_000);
