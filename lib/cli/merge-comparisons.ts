import {
  byRemedy,
  type GraphComparison,
  type GraphDifference,
  MOST_NAMED,
  worstOf,
} from '../model/graph-comparison.js';

/** One comparison of several with the same graph: a difference that several have is told once. */
export function mergeComparisons(comparisons: readonly GraphComparison[]): GraphComparison {
  const merged = new Map<string, GraphDifference>();
  for (const difference of comparisons.flatMap(({ differences }) => differences)) {
    const key = JSON.stringify([difference.verdict, difference.what]);
    const known = merged.get(key);
    merged.set(
      key,
      known === undefined
        ? difference
        : {
            ...known,
            executions: [...known.executions, ...difference.executions].slice(0, MOST_NAMED),
            count: known.count + difference.count,
          },
    );
  }
  const verdict = worstOf(comparisons.map((comparison) => comparison.verdict));
  return { verdict, differences: [...merged.values()].sort(byRemedy) };
}
