/**
 * These items in a list, for what lives as long as an execution. V8 counts for each literal, `[...]` or `{...}`, how much of what it made
 * lived long; past a share it makes all that follow old at once, which only a full garbage collection frees. It keeps no such count for
 * rest parameters and constructors: that is why some plain data has a class.
 */
export function freshList<Item>(...items: Item[]): Item[] {
  return items;
}
