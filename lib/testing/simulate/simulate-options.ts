import type { BootstrapOptions } from '../../app/options/options.js';
import type { Provider } from '../../app/injection/provider.js';
import type { WorkerClass } from '../../model/definition.js';
import type { Duration } from '../../model/duration.js';
import type { UnionMember } from '../../model/event-source.js';
import type { SimulationEnd, SimulatedExecution } from './simulation-end.js';
import type { Replay } from './replay.js';
import type { SimulatedEvent } from './simulated-event.js';

/** What `simulate` takes. Only `workers` and `events` are needed. */
export interface SimulateOptions {
  /** Classes with `@Worker`. */
  readonly workers: readonly WorkerClass[];
  /** What clients publish, each with a call of `app.publish`; a function draws another list for each seed. */
  readonly events: readonly SimulatedEvent[] | ((random: SimulatedRandom) => readonly SimulatedEvent[]);
  /**
   * Fresh providers for each seed. What they give is the world outside: all processes of the seed share it, and it
   * outlives their crashes. Classes alone are your own code: each process has its own instance. A list instead of a
   * function is used as it is for every seed.
   */
  readonly providers?: readonly Provider[] | (() => readonly Provider[]);
  /** How many seeds, from 1 on; which; or a range. 100 by default. */
  readonly seeds?: number | readonly number[] | SeedRange;
  /** Processes that share the store; 3 by default. */
  readonly processes?: number;
  /** What goes wrong; everything by default, nothing with `false`. Each seed draws a mix of its own. */
  readonly faults?: boolean | SimulatedFaults;
  /** What must hold at the end of each run, beside what always must. A check that throws is a violation. */
  readonly invariants?: readonly (Invariant | InvariantCheck)[];
  /**
   * Every execution must end as it does in a run of the same events without faults: with the same status and value. A
   * function compares instead. False by default: values may hold times and sequences.
   */
  readonly sameResults?: boolean | ((actual: SimulatedExecution, calm: SimulatedExecution) => boolean);
  /** Ms of virtual time that a provider's promise takes to settle, at most; 20 by default, 0: it settles at once. */
  readonly latency?: number;
  /** Virtual time in which everything must have ended; `'365 days'` by default. */
  readonly within?: Duration;
  /** Runs that may be spent on making a violation smaller; 200 by default, 0: none. */
  readonly shrinkRuns?: number;
  /**
   * Throws the first violation; true by default. False: all seeds run, and the report lists the violations, the first of
   * each invariant made small.
   */
  readonly throws?: boolean;
  /** Runs one seed again with just these faults, as a violation's message tells. */
  readonly replay?: Replay;
  /** Further options of `bootstrap`. */
  readonly app?: SimulatedAppOptions;
}

/** Seeds that follow each other: `count` of them. */
export interface SeedRange {
  /** The first seed; 1 by default. */
  readonly from?: number;
  readonly count: number;
}

/** False or 0: never; true or 1: as often as usual; 2: twice as often. Left out: as usual. */
export interface SimulatedFaults {
  /** Processes die between any two awaits, some for good; others stop gracefully and start again. */
  readonly crashes?: boolean | number;
  /** Hints are lost, doubled, late and out of order. */
  readonly hints?: boolean | number;
  /** Calls to the store are refused, applied but not answered, applied late, or slow. */
  readonly store?: boolean | number;
  /** Processes stand still, for longer than their leases too. */
  readonly pauses?: boolean | number;
}

/** What must hold at the end of a run. */
export interface Invariant {
  readonly name: string;
  readonly check: InvariantCheck;
}

/** Throws, for example by an `expect` of the test runner, or answers false when it does not hold. May be asynchronous. */
export type InvariantCheck = (end: SimulationEnd) => unknown;

/** Numbers that the seed decides. */
export interface SimulatedRandom {
  /** In [0, 1). */
  next(): number;
  /** True in a part `probability` (0…1) of all draws. */
  chance(probability: number): boolean;
  /** A whole number from `low` to `high`, both included. */
  int(low: number, high: number): number;
  pick<T>(from: readonly T[]): T;
}

/** Options of `bootstrap`, but for those that the simulation decides. */
export type SimulatedAppOptions = Pick<
  BootstrapOptions<UnionMember>,
  | 'concurrency'
  | 'container'
  | 'dedup'
  | 'drainTimeout'
  | 'events'
  | 'executionMode'
  | 'interceptors'
  | 'lease'
  | 'limits'
  | 'logger'
  | 'maxCallDepth'
  | 'onError'
  | 'strict'
  | 'sweep'
  | 'timeout'
  | 'types'
>;
