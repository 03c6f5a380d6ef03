import type { Store, Verdict, Write } from 'holdfast';
import { withMethods } from './watched-store.js';

/** A store with a planted bug: it answers `ok` to every `nth` checkpoint-only commit, and stores nothing. */
export function forgetful(store: Store, nth: number): Store {
  let seen = 0;
  const forgets = (write: Write): boolean =>
    write.kind === 'commit' && write.delta.record === null && ++seen % nth === 0;
  const write = async (writes: readonly Write[]): Promise<readonly Verdict[]> => {
    const forgotten = writes.map(forgets);
    const kept = writes.filter((_, at) => forgotten[at] !== true);
    const verdicts = kept.length === 0 ? [] : [...(await store.write(kept))];
    return forgotten.map((gone) => (gone ? { verdict: 'ok' } : (verdicts.shift() as Verdict)));
  };
  return withMethods(store, { write });
}
