/** A value as a mistake quotes it, cut to 60 characters. */
export function show(value: unknown): string {
  if (typeof value === 'function') return value.name === '' ? 'a function' : value.name;
  if (typeof value === 'bigint' || typeof value === 'symbol') return String(value);
  if (typeof value === 'number' || value === undefined) return String(value);
  const text = JSON.stringify(value) ?? 'a value without a JSON form';
  const quoted = typeof value === 'string' ? `'${text.slice(1, -1)}'` : text;
  return quoted.length > 60 ? `${quoted.slice(0, 57)}…` : quoted;
}
