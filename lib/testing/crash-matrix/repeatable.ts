/** Methods whose names say that they only read. */
const READS = /^(?:get|find|list|read|has|is|exists|count)(?=$|[A-Z_0-9])/;
/** They do not only read: `getOrCreate`, `findAndLock`. */
const DOES_MORE = /(?:Or|And)[A-Z]/;

/** Whatever is named a logger. */
const LOGS = /(?:^|\.)(?:\w*Logger|logger|LOGGER)\./;

/**
 * Whether a call may be made again: it reads or logs by its name, or the test says so by `Payments.find`, `Catalog` (all of its
 * methods) or `Catalog.fetch*`.
 */
export function mayRepeat(effect: string, repeatable: readonly string[]): boolean {
  const method = effect.slice(effect.lastIndexOf('.') + 1);
  if (effect.includes('.') && READS.test(method) && !DOES_MORE.test(method)) return true;
  if (LOGS.test(effect)) return true;
  return repeatable.some((name) =>
    name.endsWith('*')
      ? effect.startsWith(name.slice(0, -1))
      : effect === name || effect.startsWith(`${name}.`),
  );
}
