/**
 * What a change of a graph means for what is in flight: `same` and `additive` may be deployed; with `loses undo` executions go
 * on, and what they recorded is not undone any more; `needs mapping` and `incompatible` park them.
 */
export type GraphVerdict = 'same' | 'additive' | 'loses undo' | 'needs mapping' | 'incompatible';

/** An execution that has not ended, as far as a graph is concerned. */
export interface InFlight {
  readonly id: string;
  /** The method that it runs. */
  readonly handler: string;
  /** Names of the steps of which it has recorded or begun something, at any depth, as they were recorded. */
  readonly recorded: ReadonlySet<string>;
}

/** One thing that is not as it was. */
export interface GraphDifference {
  readonly verdict: Exclude<GraphVerdict, 'same'>;
  /** The name of the handler or step, as it was recorded; where it is new, as it is now. */
  readonly step: string;
  /** A sentence: `step 'charge' is gone`. */
  readonly what: string;
  /** Ids of the executions that it keeps from going on, at most `MOST_NAMED`. */
  readonly executions: readonly string[];
  /** How many these are in all. */
  readonly count: number;
  /** What to write; null where nothing has to be done. */
  readonly write: string | null;
}

/** How a graph and the one before it differ, for what is in flight. */
export interface GraphComparison {
  /** The worst of its differences. */
  readonly verdict: GraphVerdict;
  /** What has to be mapped first: the others may follow from it. */
  readonly differences: readonly GraphDifference[];
}

/** Executions that a difference, or an error, names at most. */
export const MOST_NAMED = 10;

const WORST_FIRST: readonly GraphVerdict[] = [
  'incompatible',
  'needs mapping',
  'loses undo',
  'additive',
  'same',
];
const TOLD_FIRST: readonly GraphVerdict[] = ['needs mapping', 'incompatible', 'loses undo', 'additive'];

/** Orders differences: what has to be mapped first, since it may be the reason of the others. */
export function byRemedy(a: Pick<GraphDifference, 'verdict'>, b: Pick<GraphDifference, 'verdict'>): number {
  return TOLD_FIRST.indexOf(a.verdict) - TOLD_FIRST.indexOf(b.verdict);
}

/** The worst of several; `same` of none. */
export function worstOf(verdicts: readonly GraphVerdict[]): GraphVerdict {
  return WORST_FIRST.find((verdict) => verdicts.includes(verdict)) ?? 'same';
}

/** Whether executions can go on; else they are parked. */
export function isCompatible(verdict: GraphVerdict): boolean {
  return verdict !== 'needs mapping' && verdict !== 'incompatible';
}

/** What keeps executions from going on, and what to write. */
export function sentenceOf(
  differences: readonly Pick<GraphDifference, 'verdict' | 'what' | 'write'>[],
): string {
  return differences
    .filter(({ verdict }) => !isCompatible(verdict))
    .map(({ what, write }) => (write === null ? what : `${what}: ${write}`))
    .join('; ');
}
