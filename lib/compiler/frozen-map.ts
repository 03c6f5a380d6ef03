/** A map that nobody can change: `Object.freeze` alone leaves `set` working. */
export function frozenMap<Key, Value>(entries: Iterable<readonly [Key, Value]>): ReadonlyMap<Key, Value> {
  const map = new Map(entries);
  const refuse = (): never => {
    throw new TypeError('a worker definition cannot be changed');
  };
  for (const method of ['set', 'delete', 'clear'] as const)
    Object.defineProperty(map, method, { value: refuse });
  return Object.freeze(map);
}
