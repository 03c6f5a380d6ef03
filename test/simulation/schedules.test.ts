import { jsonCodec } from '../../lib/adapters/codec/json-codec.js';
import { memoryStore } from '../../lib/adapters/memory/memory-store.js';
import { sqliteStore } from '../../lib/adapters/sqlite/sqlite-store.js';
import { compileWorkers } from '../../lib/compiler/compile-workers.js';
import { Every } from '../../lib/decorators/every.js';
import { Step } from '../../lib/decorators/step.js';
import { Worker } from '../../lib/decorators/worker.js';
import type { Tick } from '../../lib/model/schedule.js';
import type { Store } from '../../lib/ports/store.js';
import type { Write } from '../../lib/ports/store-write.js';
import { drawFaults } from '../../lib/testing/simulation/fault-mix.js';
import { SeededRandom } from '../../lib/testing/simulation/seeded-random.js';
import { Simulation } from '../../lib/testing/simulation/simulation.js';
import { shareOfCorpus } from './share-of-corpus.js';

const only = process.env['HOLDFAST_SEED'];
const first = Number(only ?? process.env['HOLDFAST_FIRST_SEED'] ?? 1);
const many = only === undefined ? shareOfCorpus() : 1;
const INTERVAL_MS = 5_000;
const codec = jsonCodec();

@Worker('ticking')
class Ticking {
  @Every(INTERVAL_MS, { overlap: 'allow', misfire: 'all' })
  async each({ scheduledAt }: Tick) {
    return this.note(scheduledAt);
  }

  @Step()
  note(at: number) {
    return at;
  }

  @Every(INTERVAL_MS, { overlap: 'skip' })
  async some({ scheduledAt }: Tick) {
    return this.note(scheduledAt);
  }
}

/** The instants of each schedule that started executions, in order, under the faults of one seed. */
async function runSchedules(seed: number, wrapStore?: (store: Store) => Store) {
  const random = new SeededRandom(`schedules ${seed}`);
  const simulation = new Simulation({
    seed: `schedules ${seed}`,
    store: seed % 4 === 0 ? sqliteStore(':memory:') : memoryStore({ keep: 100_000 }),
    workers: compileWorkers([Ticking]),
    resolver: () => ({ resolve: () => new Ticking() }),
    faults: drawFaults(random.fork('faults')),
    processes: random.int(1, 4),
    broker: random.chance(0.4),
    settings: { leaseMs: random.pick([4_000, 15_000]), sweepMs: random.pick([1_500, 5_000]) },
    ...(wrapStore === undefined ? null : { wrapStore }),
  });
  await simulation.store.open();
  simulation.start();
  await simulation.settle();
  await simulation.time.run(simulation.time.elapsed + 60_000);
  await simulation.settle();
  const instants = new Map<string, number[]>([
    ['ticking.each', []],
    ['ticking.some', []],
  ]);
  const statuses = new Set<string>();
  for (const { definition, input, status, error } of (await simulation.records()).values()) {
    instants.get(definition.id)?.push((codec.decode(input) as Tick).scheduledAt);
    statuses.add(error?.includes('POISONED') === true ? 'completed' : status);
  }
  const endedAt = simulation.time.now();
  await simulation.close();
  const sorted = [...instants.values()].map((each) => each.sort((a, b) => a - b));
  return {
    each: sorted[0] ?? [],
    some: sorted[1] ?? [],
    statuses: [...statuses],
    lateMs: endedAt - (sorted[0]?.at(-1) ?? 0),
  };
}

/** Every multiple of the interval from the first to the last, once. */
function unbroken(instants: readonly number[]): number[] {
  const [start = 0] = instants;
  const count = Math.round(((instants.at(-1) ?? 0) - start) / INTERVAL_MS) + 1;
  return Array.from({ length: count }, (_, at) => start + at * INTERVAL_MS);
}

test(`each instant starts one execution, whatever dies, and ${many} seeds`, async () => {
  let most = 0;
  for (let seed = first; seed < first + many; seed++) {
    const { each, some, statuses, lateMs } = await runSchedules(seed);
    expect({ seed, each }).toEqual({ seed, each: unbroken(each) });
    expect({ seed, some: [...new Set(some)] }).toEqual({ seed, some });
    expect({ seed, odd: some.filter((at) => at % INTERVAL_MS !== 0) }).toEqual({ seed, odd: [] });
    expect({ seed, statuses }).toEqual({ seed, statuses: ['completed'] });
    // Nobody dies any more at the end, and nothing is behind.
    expect({ seed, isBehind: lateMs > INTERVAL_MS + 2_000 }).toEqual({ seed, isBehind: false });
    most = Math.max(most, each.length);
  }
  expect(most).toBeGreaterThan(only === undefined ? 20 : 10);
}, 300_000);

test('a store that moves a schedule on without its execution is found', async () => {
  let writes = 0;
  const lossy = (write: Write): Write =>
    write.kind === 'schedule' && ++writes % 9 === 0 ? { ...write, event: null } : write;
  const wrap = (inner: Store): Store =>
    new Proxy(inner, {
      get(target, name) {
        if (name === 'write') return (group: readonly Write[]) => target.write(group.map(lossy));
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  await expect(runSchedules(1, wrap)).rejects.toThrow('I2');
});
