/** The server cannot tell an empty list from an empty object. */
export type Listed<Item> = readonly Item[] | Readonly<Record<string, never>>;

/** The list; none for an empty object. */
export function listOf<Item>(list: Listed<Item> | undefined): readonly Item[] {
  return Array.isArray(list) ? (list as readonly Item[]) : [];
}
