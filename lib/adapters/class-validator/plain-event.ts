import type { AnyClass, TransformerStorage } from './class-libraries.js';

type Fields = Record<string, unknown>;

/** The data of an instance as plain objects, ready to become an instance again. Values without fields stay themselves. */
export function toPlain(
  value: unknown,
  isEventClass: (type: AnyClass) => boolean,
  storage: TransformerStorage,
): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => toPlain(item, isEventClass, storage));
  const type = classOf(value);
  if (type !== null && !isEventClass(type)) return value;
  const out: Fields = {};
  for (const key of Object.keys(value)) {
    const name = (type === null ? undefined : storage.findExposeMetadata(type, key)?.options?.name) ?? key;
    out[name] = toPlain((value as Fields)[key], isEventClass, storage);
  }
  return out;
}

/**
 * The data with what the class filled in: fields that the data leaves out and the instance has. Stored with it, so that
 * a default made of chance or time is the same on every resume. Copies only what it changes.
 */
export function withDefaults(
  data: unknown,
  instance: unknown,
  isEventClass: (type: AnyClass) => boolean,
  storage: TransformerStorage,
): unknown {
  if (typeof data !== 'object' || data === null || typeof instance !== 'object' || instance === null)
    return data;
  if (Array.isArray(data)) {
    if (!Array.isArray(instance) || instance.length !== data.length) return data;
    const items = data.map((item, i) => withDefaults(item, instance[i], isEventClass, storage));
    return items.some((item, i) => item !== data[i]) ? items : data;
  }
  const type = classOf(instance);
  if (classOf(data) !== null) return data;
  let out = data as Fields;
  for (const key of Object.keys(instance)) {
    const name = (type === null ? undefined : storage.findExposeMetadata(type, key)?.options?.name) ?? key;
    const value = (instance as Fields)[key];
    const next = Object.hasOwn(data, name)
      ? withDefaults((data as Fields)[name], value, isEventClass, storage)
      : toPlain(value, isEventClass, storage);
    if (next === (data as Fields)[name]) continue;
    if (out === data) out = { ...data };
    out[name] = next;
  }
  return out;
}

/** A value that class-transformer would take apart, and where it belongs. */
export interface Opaque {
  readonly path: readonly string[];
  readonly value: object;
}

/**
 * A copy of plain objects and arrays, without the values that class-transformer would take apart (maps, sets, typed arrays,
 * instances of registered classes); these are added to `opaque`.
 */
export function copyPlain(value: unknown, opaque: Opaque[], path: readonly string[] = []): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item, i) => copyPlain(item, opaque, [...path, String(i)]));
  if (isOpaque(value)) {
    opaque.push({ path, value });
    return undefined;
  }
  if (classOf(value) !== null) return value;
  const out: Fields = {};
  for (const key of Object.keys(value)) out[key] = copyPlain((value as Fields)[key], opaque, [...path, key]);
  return out;
}

/** Puts the values back that `copyPlain` took out. */
export function putBack(instance: unknown, opaque: readonly Opaque[]): void {
  for (const { path, value } of opaque) {
    let parent: unknown = instance;
    for (const key of path.slice(0, -1)) parent = isRecord(parent) ? parent[key] : undefined;
    if (isRecord(parent)) parent[path.at(-1) as string] = value;
  }
}

/** Whether some value in the data is one that class-transformer would take apart. */
export function hasOpaque(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some(hasOpaque);
  if (classOf(value) !== null) return isOpaque(value);
  for (const key in value) {
    if (hasOpaque((value as Fields)[key])) return true;
  }
  return false;
}

/**
 * The path of the first key that names a member of every object, such as `toString`: class-transformer leaves those out
 * without a word. Null: none.
 */
export function inheritedKey(value: unknown, above = ''): string | null {
  if (typeof value !== 'object' || value === null || (classOf(value) !== null && !Array.isArray(value)))
    return null;
  for (const key of Object.keys(value)) {
    const path = above === '' ? key : `${above}.${key}`;
    if (key in Object.prototype) return path;
    const found = inheritedKey((value as Fields)[key], path);
    if (found !== null) return found;
  }
  return null;
}

/** class-transformer copies dates and buffers faithfully; anything else with a class it does not. */
function isOpaque(value: object): boolean {
  return classOf(value) !== null && !(value instanceof Date || Buffer.isBuffer(value));
}

/** The class of an object; null: a plain one, of whichever realm. */
export function classOf(value: object): AnyClass | null {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (typeof prototype !== 'object' || prototype === null || Object.getPrototypeOf(prototype) === null)
    return null;
  const type: unknown = (prototype as { readonly constructor?: unknown }).constructor;
  return typeof type === 'function' ? (type as AnyClass) : null;
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}
