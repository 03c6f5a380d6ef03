/** The value of a field by its path (`customer.id`); undefined where there is none. */
export function fieldAt(value: unknown, path: string): unknown {
  let found: unknown = value;
  for (const name of path.split('.')) {
    if (found === null || found === undefined) return undefined;
    found = (found as Readonly<Record<string, unknown>>)[name];
  }
  return found;
}
