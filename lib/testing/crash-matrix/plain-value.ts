/** What can be compared part by part. */
export type Plain = string | readonly Plain[] | ReadonlyMap<string, Plain>;

const MOST_DEPTH = 20;

/** Any value as parts with names; what has no parts as text. Functions are left out. */
export function plainOf(value: unknown, around: readonly object[] = []): Plain {
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value !== 'object' || value === null) return String(value);
  if (around.includes(value) || around.length > MOST_DEPTH) return '(a circle)';
  const inside = [...around, value];
  if (value instanceof Date) return `Date ${Number.isNaN(value.getTime()) ? 'invalid' : value.toISOString()}`;
  if (Array.isArray(value)) return value.map((part) => plainOf(part, inside));
  if (ArrayBuffer.isView(value))
    return `${value.constructor.name} ${Buffer.from(value.buffer).toString('hex')}`;
  if (value instanceof Set) return [...value].map((part) => plainOf(part, inside));
  if (value instanceof Map)
    return new Map(
      [...value].map(([key, part]) => [
        typeof key === 'string' ? key : textOf(plainOf(key, inside)),
        plainOf(part, inside),
      ]),
    );
  if (value instanceof Error) {
    const { name, message, code } = value as Error & { readonly code?: string | number };
    return `${name}${code === undefined ? '' : ` (${code})`}: ${message}`;
  }
  return new Map(
    Object.entries(value)
      .filter(([, part]) => typeof part !== 'function')
      .map(([name, part]) => [name, plainOf(part, inside)]),
  );
}

/** One line. */
export function textOf(plain: Plain): string {
  if (typeof plain === 'string') return plain;
  if (isList(plain)) return `[${plain.map(textOf).join(', ')}]`;
  return `{ ${[...plain].map(([name, part]) => `${name}: ${textOf(part)}`).join(', ')} }`;
}

/** Parts that two values do not share, by path; below one of another shape none is looked for. */
export function differingParts(one: Plain, other: Plain, path = ''): readonly string[] {
  if (typeof one === 'string' || typeof other === 'string') return one === other ? [] : [path];
  const parts = partsOf(one);
  const others = partsOf(other);
  if (parts.size !== others.size || [...parts.keys()].some((name) => !others.has(name))) return [path];
  return [...parts].flatMap(([name, part]) =>
    differingParts(part, others.get(name) as Plain, `${path}.${name}`),
  );
}

/** The value without the parts at these paths. */
export function without(plain: Plain, paths: ReadonlySet<string>, path = ''): Plain {
  if (paths.has(path)) return '…';
  if (typeof plain === 'string' || paths.size === 0) return plain;
  if (isList(plain)) return plain.map((part, at) => without(part, paths, `${path}.${at}`));
  return new Map([...plain].map(([name, part]) => [name, without(part, paths, `${path}.${name}`)]));
}

function partsOf(plain: readonly Plain[] | ReadonlyMap<string, Plain>): ReadonlyMap<string, Plain> {
  return isList(plain) ? new Map(plain.map((part, at) => [String(at), part])) : plain;
}

function isList(plain: readonly Plain[] | ReadonlyMap<string, Plain>): plain is readonly Plain[] {
  return Array.isArray(plain);
}
