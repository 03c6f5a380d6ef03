import type { Store } from '../../../lib/ports/store.js';
import type { Verdict, Write } from '../../../lib/ports/store-write.js';

/** The store, with something that happens between what it writes and its answer. */
export function delayedAnswers(
  store: Store,
  between: (writes: readonly Write[], verdicts: readonly Verdict[]) => void | Promise<void>,
): Store {
  return new Proxy(store, {
    get(target, name) {
      if (name === 'write')
        return async (writes: readonly Write[]) => {
          const verdicts = await target.write(writes);
          await between(writes, verdicts);
          return verdicts;
        };
      const value = Reflect.get(target, name) as unknown;
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

/** Whether one of the writes stores that row: its path and kind. */
export function storesRow(writes: readonly Write[], path: string, kind: string): boolean {
  return writes.some(
    (write) =>
      write.kind === 'commit' &&
      write.delta.checkpoints.some((row) => row.path === path && row.kind === kind),
  );
}
