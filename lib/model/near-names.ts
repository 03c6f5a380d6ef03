/** Those of `names` that a slip of the pen may have meant by `name`, the nearest first; at most three. */
export function nearNames(name: string, names: Iterable<string>): string[] {
  const short = name.slice(0, 60).toLowerCase();
  const allowed = Math.min(short.length - 1, Math.max(2, Math.floor(short.length * 0.35)));
  return (
    [...names]
      .map((each) => ({ each, distance: distanceOf(short, each.toLowerCase()) }))
      // Hardly anyone errs in the first letter, and elsewhere too: `retries` is not `metrics`.
      .filter(({ each, distance }) => distance <= (short[0] === each[0]?.toLowerCase() ? allowed : 1))
      .sort((a, b) => a.distance - b.distance)
      .slice(0, 3)
      .map(({ each }) => each)
  );
}

/** More names than these say less than a few. */
const MOST_NAMES = 12;
const A_FEW = 8;

/** What to write instead of an unknown name: the near ones, else all; of many, a few and how many more there are. */
export function writeOneOf(name: string, names: Iterable<string>): string {
  const all = [...names];
  const near = nearNames(name, all);
  if (near.length > 0) return `Write ${near.join(' or ')}`;
  if (all.length <= MOST_NAMES) return `Write one of ${all.join(', ')}`;
  return `Write one of ${all.slice(0, A_FEW).join(', ')}, or one of ${all.length - A_FEW} others`;
}

/** Letters to insert, remove or replace between both. */
function distanceOf(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** What options to write, in messages. */
export function optionsForm(names: readonly string[], needed: readonly string[]): string {
  const form = `Write { ${names.join(', ')} }`;
  if (needed.length === 0) return `${form}, each of which may be left out`;
  return `${form}; only ${needed.join(' and ')} must be there`;
}
