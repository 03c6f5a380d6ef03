import type { GraphComparison, GraphDifference, GraphVerdict } from '../model/graph-comparison.js';

const ORDER: readonly GraphVerdict[] = ['incompatible', 'needs mapping', 'additive', 'same'];
const MOST_NAMED = 10;

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
  const differences = [...merged.values()].sort(
    (a, b) => ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict),
  );
  const verdicts = comparisons.map(({ verdict }) => verdict);
  return { verdict: ORDER.find((verdict) => verdicts.includes(verdict)) ?? 'same', differences };
}
