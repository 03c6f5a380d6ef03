import {
  anArray,
  anObject,
  anything,
  durationFrom,
  optionMistakes,
  refuse,
  wholeBetween,
  wholeFrom,
} from '../../app/options/option-checks.js';
import type { Provider } from '../../app/injection/provider.js';
import type { WorkerClass } from '../../model/definition.js';
import { parseDuration } from '../../model/duration.js';
import type { ConfigurationMistake } from '../../model/errors-boot.js';
import type { SeededRandom } from '../simulation/seeded-random.js';
import { planOf, type RunPlan } from './replay.js';
import type { FaultFactors } from './scaled-faults.js';
import type { Invariant, SimulatedAppOptions, SimulatedFaults, SimulateOptions } from './simulate-options.js';
import type { SimulatedEvent } from './simulated-event.js';
import type { SimulatedExecution } from './simulation-end.js';
import { shown } from './shown-value.js';

/** The options of `simulate`, with what was left out. */
export interface CheckedOptions {
  readonly workers: readonly WorkerClass[];
  readonly eventsOf: (random: SeededRandom) => readonly SimulatedEvent[];
  readonly providers: () => readonly Provider[];
  /** The runs to make. */
  readonly plans: readonly RunPlan[];
  readonly faults: FaultFactors;
  readonly invariants: readonly Invariant[];
  /** Null: results may be what they like. */
  readonly sameResults: ((actual: SimulatedExecution, calm: SimulatedExecution) => boolean) | null;
  readonly latencyMs: number;
  readonly withinMs: number;
  readonly shrinkRuns: number;
  readonly throws: boolean;
  readonly app: SimulatedAppOptions;
}

const GROUPS = ['crashes', 'hints', 'store', 'pauses'] as const;

/** Throws `ConfigurationError` with everything that is wrong with them. */
export function checkedOptions(
  options: SimulateOptions,
  isSame: (actual: SimulatedExecution, calm: SimulatedExecution) => boolean,
): CheckedOptions {
  refuse(mistakesOf(options));
  const { workers, events, providers = [], processes = 3, sameResults = false, replay } = options;
  const invariants = (options.invariants ?? []).map((each, at) =>
    typeof each === 'function' ? { name: each.name || `invariant ${at + 1}`, check: each } : each,
  );
  const same = typeof sameResults === 'function' ? sameResults : sameResults ? isSame : null;
  return {
    workers,
    eventsOf: (random) => (typeof events === 'function' ? events(random) : events),
    providers: () => (typeof providers === 'function' ? providers() : providers),
    plans:
      replay === undefined
        ? seedsOf(options.seeds).map((seed) => ({ seed, events: null, processes, faults: null }))
        : [planOf(replay, processes)],
    faults: factorsOf(options.faults ?? true),
    invariants,
    sameResults: same,
    latencyMs: options.latency ?? 20,
    withinMs: parseDuration(options.within ?? '365 days') ?? 0,
    shrinkRuns: options.shrinkRuns ?? 200,
    throws: options.throws ?? true,
    app: options.app ?? {},
  };
}

function mistakesOf(options: SimulateOptions): readonly ConfigurationMistake[] {
  const mistakes = optionMistakes('simulate()', options, {
    workers: anArray,
    events: anything,
    providers: anything,
    seeds: anything,
    processes: wholeBetween(1, 20),
    faults: anything,
    invariants: anArray,
    sameResults: anything,
    latency: wholeFrom(0),
    within: durationFrom(1),
    shrinkRuns: wholeFrom(0),
    throws: anything,
    replay: anObject,
    app: anObject,
  });
  const wrong = (option: string, value: unknown, write: string): ConfigurationMistake => ({
    option: `simulate(): ${option}`,
    found: `found ${shown(value)}`,
    write,
  });
  const found = [...mistakes];
  const { workers, events, seeds, faults, providers, invariants } = options;
  if (!Array.isArray(workers) || workers.length === 0)
    found.push(wrong('workers', workers, 'Write the classes to run: [OrderWorker]'));
  if (!Array.isArray(events) && typeof events !== 'function')
    found.push(wrong('events', events, 'Write [[OrderPlaced, { … }], …], or (random) => such a list'));
  if (providers !== undefined && !Array.isArray(providers) && typeof providers !== 'function')
    found.push(wrong('providers', providers, 'Write () => [{ provide: Payments, useValue: … }]'));
  if (seeds !== undefined && !areSeeds(seeds))
    found.push(wrong('seeds', seeds, 'Write how many, which ([17]), or { from: 1, count: 200 }'));
  if (faults !== undefined && !areFaults(faults))
    found.push(
      wrong(
        'faults',
        faults,
        `Write true, false, or { ${GROUPS.join(', ')} } with booleans or numbers from 0`,
      ),
    );
  for (const [at, each] of (Array.isArray(invariants) ? invariants : []).entries())
    if (typeof each !== 'function' && (typeof each?.check !== 'function' || typeof each.name !== 'string'))
      found.push(wrong(`invariants[${at}]`, each, "Write { name: '…', check: (end) => … }"));
  return found;
}

function areSeeds(seeds: unknown): boolean {
  const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
  if (Array.isArray(seeds)) return seeds.every(isCount);
  if (typeof seeds !== 'object' || seeds === null) return isCount(seeds);
  const { from = 1, count, ...others } = seeds as { readonly from?: unknown; readonly count?: unknown };
  return isCount(from) && isCount(count) && Object.keys(others).length === 0;
}

function areFaults(faults: unknown): boolean {
  if (typeof faults === 'boolean') return true;
  if (typeof faults !== 'object' || faults === null) return false;
  return Object.entries(faults).every(
    ([name, value]) =>
      (GROUPS as readonly string[]).includes(name) &&
      (typeof value === 'boolean' || value === undefined || (typeof value === 'number' && value >= 0)),
  );
}

function seedsOf(seeds: SimulateOptions['seeds'] = 100): readonly number[] {
  if (typeof seeds === 'number') return seedsOf({ count: seeds });
  if (!('count' in seeds)) return seeds;
  return Array.from({ length: seeds.count }, (_, at) => (seeds.from ?? 1) + at);
}

function factorsOf(faults: boolean | SimulatedFaults): FaultFactors {
  const given = typeof faults === 'boolean' ? {} : faults;
  const factor = (name: keyof FaultFactors): number => {
    const value = faults === false ? 0 : (given[name] ?? 1);
    return Number(value);
  };
  return {
    crashes: factor('crashes'),
    hints: factor('hints'),
    store: factor('store'),
    pauses: factor('pauses'),
  };
}
