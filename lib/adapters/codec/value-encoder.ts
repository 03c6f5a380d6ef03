import { types as brands } from 'node:util';
import { UnstorableValueError } from '../../model/errors-value.js';
import { messageOf } from '../../model/message-of.js';
import { codeOf, errorClassOf, fieldNamesOf, isError, isRetryable, nameOf } from './error-shape.js';
import { MAX_DEPTH } from './plain-value.js';
import type { StorableTypes } from './storable-types.js';
import { define, type Json, TAG_KEY, tagged, typedArrays } from './tagged.js';

const LEFT_OUT = Symbol('left out');

/** Turns one value into tagged JSON; refuses with the path of what it cannot keep. */
export class ValueEncoder {
  private readonly types: StorableTypes;
  private readonly path: string[] = [];
  private readonly above = new Set<object>();
  private nodes: number;
  private hasTags = false;

  constructor(types: StorableTypes, maxNodes: number) {
    this.types = types;
    this.nodes = maxNodes;
  }

  /** Whether the JSON holds a tag; without one it is plain, and `JSON.parse` alone reads it. */
  get isTagged(): boolean {
    return this.hasTags;
  }

  encode(value: unknown): Json {
    try {
      return this.value(value);
    } catch (error) {
      if (error instanceof UnstorableValueError) throw error;
      throw this.refusal(`something that throws when read (${messageOf(error)})`);
    }
  }

  private value(value: unknown): Json {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return value;
      case 'number':
        return Number.isFinite(value) && !Object.is(value, -0)
          ? value
          : this.tag('number', Object.is(value, -0) ? '-0' : String(value));
      case 'bigint':
        return this.tag('bigint', value.toString());
      case 'undefined':
        return this.tag('undefined');
      case 'function':
        throw this.refusal(/^class\b/.test(String(value)) ? `the class ${value.name}` : 'a function');
      case 'symbol':
        throw this.refusal('a symbol');
      case 'object':
        return value === null ? null : this.nested(value);
    }
  }

  private nested(value: object): Json {
    if (this.above.has(value)) throw this.refusal('a reference to what contains it (a cycle)');
    if (this.path.length >= MAX_DEPTH) throw this.refusal(`nested deeper than ${MAX_DEPTH} levels`);
    if (--this.nodes < 0) throw this.refusal('beyond the number of values that one text may hold');
    this.above.add(value);
    const json = this.object(value);
    this.above.delete(value);
    return json;
  }

  private object(value: object): Json {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (Array.isArray(value)) return this.array(value, prototype);
    if (prototype === null) return this.tag('null', this.fields(value, Object.keys(value)));
    if (isPlainPrototype(prototype as object)) return this.plain(value);
    const builtIn = this.builtIn(value);
    if (builtIn !== null) return builtIn;
    const registered = this.types.ofPrototype(prototype as object);
    const event = registered === null ? this.types.eventOfPrototype(prototype as object) : null;
    const named = registered ?? event;
    const kind = event === null ? 'class' : 'event';
    if (typeof named?.type.toStored === 'function') {
      const toStored = named.type.toStored as (instance: object) => unknown;
      return this.tag(kind, named.name, this.at('toStored()', toStored.call(named.type, value)));
    }
    if (isError(value)) return this.error(value);
    if (named !== null) {
      if (hasInternalState(value)) {
        throw this.refusal(
          `an instance of ${classNameOf(value)}, which keeps more than fields`,
          'Give its class static toStored and fromStored methods',
        );
      }
      this.refuseSymbols(value);
      return this.tag(kind, named.name, this.plainFields(value));
    }
    return this.refuseObject(value);
  }

  private plain(value: object): Json {
    this.refuseSymbols(value);
    return this.plainFields(value);
  }

  private plainFields(value: object): Json {
    const fields = this.fields(value, Object.keys(value));
    return Object.hasOwn(value, TAG_KEY) ? this.tag('object', fields) : fields;
  }

  private array(value: readonly unknown[], prototype: unknown): Json {
    if (prototype !== Array.prototype && !isForeign(prototype, 'Array')) {
      throw this.refusal(
        `an instance of ${classNameOf(value)}, a subclass of Array`,
        'Give a plain array: [...it]',
      );
    }
    const items: Json[] = [];
    for (let i = 0; i < value.length; i++) {
      if (!(i in value)) throw this.refusal(`an array with an empty slot at ${i}`);
      items.push(this.at(String(i), value[i]));
    }
    if (Object.keys(value).length !== value.length) {
      throw this.refusal('an array with named properties', 'Give an object, or a plain array: [...array]');
    }
    return items;
  }

  private fields(value: object, keys: readonly string[]): { readonly [key: string]: Json } {
    const out: { [key: string]: Json } = {};
    for (const key of keys) {
      this.path.push(key);
      const field = this.value((value as Readonly<Record<string, unknown>>)[key]);
      this.path.pop();
      if (key === '__proto__') define(out, key, field);
      else out[key] = field;
    }
    return out;
  }

  private builtIn(value: object): Json | null {
    const name = builtInName(value);
    if (name === null || !isExactly(value, name)) return null;
    if (!ArrayBuffer.isView(value) && Object.keys(value).length > 0) {
      throw this.refusal(`an instance of ${name} with properties of its own`);
    }
    if (brands.isDate(value)) {
      const time = value.getTime();
      return this.tag('Date', Number.isNaN(time) ? null : time);
    }
    if (brands.isMap(value)) return this.tag('Map', this.entries(value));
    if (brands.isSet(value))
      return this.tag(
        'Set',
        [...value].map((item, i) => this.at(String(i), item)),
      );
    if (brands.isArrayBuffer(value)) return this.tag('ArrayBuffer', Buffer.from(value).toString('base64'));
    if (ArrayBuffer.isView(value)) {
      return this.tag(name, Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64'));
    }
    return this.tag('URL', (value as URL).href);
  }

  private entries(map: ReadonlyMap<unknown, unknown>): Json {
    const entries: Json[] = [];
    for (const [key, item] of map) {
      const label =
        typeof key === 'string' || typeof key === 'number' ? String(key) : `entry ${entries.length}`;
      entries.push([this.at(`key of ${label}`, key), this.at(label, item)]);
    }
    return entries;
  }

  private error(error: Error): Json {
    const { kind, id } = errorClassOf(error, this.types);
    const body: { [key: string]: Json } = { message: String(error.message) };
    if (kind === 'class' || kind === 'other') {
      body['name'] = nameOf(error);
      body['code'] = codeOf(error);
      body['retryable'] = isRetryable(error);
    } else if (Object.hasOwn(error, 'name') && !Object.keys(error).includes('name')) {
      body['name'] = String(error.name);
    }
    this.keep(body, 'cause', () => (Object.hasOwn(error, 'cause') ? error.cause : LEFT_OUT));
    this.keep(body, 'errors', () => {
      const errors: unknown = Object.hasOwn(error, 'errors') ? (error as { errors?: unknown }).errors : null;
      return Array.isArray(errors) ? errors : LEFT_OUT;
    });
    const fields: { [key: string]: Json } = {};
    for (const key of fieldNamesOf(error))
      this.keep(fields, key, () => (error as unknown as Readonly<Record<string, unknown>>)[key]);
    body['fields'] = fields;
    return this.tag('error', kind, id, body);
  }

  /** What an error holds beside its message describes it: a part that cannot be kept, such as a socket, is left out. */
  private keep(into: { [key: string]: Json }, key: string, read: () => unknown): void {
    const { length } = this.path;
    const { size } = this.above;
    try {
      const value = read();
      if (value !== LEFT_OUT) define(into, key, this.at(key, value));
    } catch {
      this.path.length = length;
      for (const entered of [...this.above].slice(size)) this.above.delete(entered);
    }
  }

  private refuseSymbols(value: object): void {
    const [first] = Object.getOwnPropertySymbols(value);
    if (first !== undefined) throw this.refusal(`an object with the key ${String(first)}`);
  }

  private refuseObject(value: object): never {
    if (brands.isRegExp(value)) throw this.refusal('a RegExp', 'Keep its source as a string');
    if (brands.isPromise(value)) throw this.refusal('a Promise', 'Await it first');
    const name = classNameOf(value);
    throw this.refusal(
      `an instance of ${name === '' ? 'a class without a name' : name}`,
      `List the class in bootstrap({ types: [${name}] }), write @Storable('name') on it, or give plain data`,
    );
  }

  private tag(tag: string, ...rest: readonly Json[]): Json {
    this.hasTags = true;
    return tagged(tag, ...rest);
  }

  private at(key: string, value: unknown): Json {
    this.path.push(key);
    const json = this.value(value);
    this.path.pop();
    return json;
  }

  private refusal(found: string, cure?: string): UnstorableValueError {
    const path = this.path.length > 12 ? [...this.path.slice(0, 10), '…', this.path.at(-1)] : this.path;
    return new UnstorableValueError(path.join('.'), found, cure);
  }
}

/** `Object.prototype`, also of another realm. */
function isPlainPrototype(prototype: object): boolean {
  return (
    prototype === Object.prototype ||
    (Object.getPrototypeOf(prototype) === null && isForeign(prototype, 'Object'))
  );
}

/** Whether the prototype is that of a built-in class of another realm. */
function isForeign(prototype: unknown, name: string): boolean {
  if (typeof prototype !== 'object' || prototype === null) return false;
  const type: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  return typeof type === 'function' && type.name === name && String(type).includes('[native code]');
}

function builtInName(value: object): string | null {
  if (Buffer.isBuffer(value)) return 'Buffer';
  if (ArrayBuffer.isView(value)) {
    const name = (value as { readonly [Symbol.toStringTag]?: string })[Symbol.toStringTag] ?? '';
    return typedArrays.has(name) ? name : null;
  }
  if (brands.isDate(value)) return 'Date';
  if (brands.isMap(value)) return 'Map';
  if (brands.isSet(value)) return 'Set';
  if (brands.isArrayBuffer(value)) return 'ArrayBuffer';
  return value instanceof URL ? 'URL' : null;
}

/** Not of a subclass, whose class the text would lose. */
function isExactly(value: object, name: string): boolean {
  const type: unknown = Object.getOwnPropertyDescriptor(
    Object.getPrototypeOf(value) as object,
    'constructor',
  )?.value;
  if (typeof type !== 'function') return false;
  return (name === 'Buffer' && type === Buffer) || type.name === name;
}

/** Whether copying the fields would lose what the engine keeps beside them. */
function hasInternalState(value: object): boolean {
  return (
    builtInName(value) !== null ||
    brands.isRegExp(value) ||
    brands.isPromise(value) ||
    brands.isBoxedPrimitive(value)
  );
}

function classNameOf(value: object): string {
  const name: unknown = (value as { readonly constructor?: { readonly name?: unknown } }).constructor?.name;
  return typeof name === 'string' ? name : '';
}
