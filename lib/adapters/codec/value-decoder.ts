import { UnreadableValueError } from '../../model/errors-value.js';
import type { StorableType } from '../../model/storable.js';
import { messageOf } from '../../model/message-of.js';
import { decodeError } from './error-decoder.js';
import { MAX_DEPTH } from './plain-value.js';
import type { StorableTypes } from './storable-types.js';
import { define, TAG_KEY, typedArrays } from './tagged.js';

/** Each level of a value is at most four levels of tagged JSON. */
const MAX_JSON_DEPTH = MAX_DEPTH * 4 + 8;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const INTEGER = /^-?(0|[1-9]\d*)$/;

/** Rebuilds a value from tagged JSON. Knows a closed list of tags; classes come from the registry only. */
export class ValueDecoder {
  private readonly types: StorableTypes;
  private depth = 0;

  constructor(types: StorableTypes) {
    this.types = types;
  }

  decode(json: unknown): unknown {
    if (typeof json !== 'object' || json === null) return json;
    if (++this.depth > MAX_JSON_DEPTH) throw new UnreadableValueError('the stored text is nested too deeply');
    const value = Array.isArray(json) ? this.items(json) : this.object(json as Record<string, unknown>);
    this.depth--;
    return value;
  }

  private items(items: unknown[]): unknown[] {
    for (let i = 0; i < items.length; i++) items[i] = this.decode(items[i]);
    return items;
  }

  private object(json: Record<string, unknown>): unknown {
    if (!Object.hasOwn(json, TAG_KEY)) return this.fields(json);
    const parts = json[TAG_KEY];
    if (!Array.isArray(parts) || typeof parts[0] !== 'string' || Object.keys(json).length !== 1)
      throw malformed('?');
    return this.tagged(parts[0], parts.slice(1));
  }

  /** In place: each key is an own one, so that assigning to it never reaches a setter, `__proto__` included. */
  private fields(json: Record<string, unknown>): Record<string, unknown> {
    for (const key of Object.keys(json)) json[key] = this.decode(json[key]);
    return json;
  }

  private tagged(tag: string, args: readonly unknown[]): unknown {
    const [first] = args;
    switch (tag) {
      case 'undefined':
        return expect(tag, args, 0) && undefined;
      case 'number':
        return specialNumber(first);
      case 'bigint':
        if (typeof first !== 'string' || !INTEGER.test(first)) throw malformed(tag);
        return BigInt(first);
      case 'Date':
        return date(first);
      case 'Map':
        return new Map(list(tag, first).map((entry) => this.entry(entry)));
      case 'Set':
        return new Set(list(tag, first).map((item) => this.decode(item)));
      case 'URL':
        if (typeof first !== 'string' || !URL.canParse(first)) throw malformed(tag);
        return new URL(first);
      case 'Buffer':
        return bytes(tag, first);
      case 'ArrayBuffer':
        return ownBuffer(bytes(tag, first));
      case 'object':
        return this.fields(record(tag, first));
      case 'null':
        return Object.setPrototypeOf(this.fields(record(tag, first)), null);
      case 'class':
        return this.ofClass(args);
      case 'event':
        return this.ofEvent(args);
      case 'error':
        return decodeError(args, this.types, (json) => this.decode(json));
      default:
        return typedArray(tag, first);
    }
  }

  private entry(entry: unknown): readonly [unknown, unknown] {
    if (!Array.isArray(entry) || entry.length !== 2) throw malformed('Map');
    return [this.decode(entry[0]), this.decode(entry[1])];
  }

  private ofClass([name, stored]: readonly unknown[]): unknown {
    const type = typeof name === 'string' ? this.types.named(name) : null;
    if (type === null) {
      throw new UnreadableValueError(
        `the stored text holds an instance of '${shown(name)}', which is not registered: list its class in bootstrap({ types })`,
      );
    }
    return this.instance(type, stored);
  }

  private ofEvent([name, stored]: readonly unknown[]): unknown {
    const type = typeof name === 'string' ? this.types.event(name) : null;
    if (type === null) {
      throw new UnreadableValueError(
        `the stored text holds an instance of the event '${shown(name)}', whose class this process has not loaded: import it before bootstrap()`,
      );
    }
    return this.instance(type, stored);
  }

  private instance(type: StorableType, stored: unknown): unknown {
    const value = this.decode(stored);
    if (typeof type.fromStored === 'function')
      return this.rebuilt(type.fromStored as (stored: unknown) => object, type, value);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed('class');
    const instance = Object.create(type.prototype) as object;
    for (const key of Object.keys(value)) define(instance, key, (value as Record<string, unknown>)[key]);
    return instance;
  }

  private rebuilt(
    fromStored: (stored: unknown) => object,
    type: { readonly name: string },
    value: unknown,
  ): object {
    try {
      return fromStored.call(type, value);
    } catch (error) {
      throw new UnreadableValueError(`${type.name}.fromStored failed: ${messageOf(error)}`);
    }
  }
}

function specialNumber(text: unknown): number {
  switch (text) {
    case 'NaN':
      return Number.NaN;
    case 'Infinity':
      return Number.POSITIVE_INFINITY;
    case '-Infinity':
      return Number.NEGATIVE_INFINITY;
    case '-0':
      return -0;
    default:
      throw malformed('number');
  }
}

function date(time: unknown): Date {
  if (time === null) return new Date(Number.NaN);
  if (typeof time !== 'number' || Math.abs(time) > 8.64e15 || !Number.isInteger(time))
    throw malformed('Date');
  return new Date(time);
}

function typedArray(tag: string, text: unknown): object {
  const type = typedArrays.get(tag);
  if (type === undefined)
    throw new UnreadableValueError(`the stored text holds the tag '${shown(tag)}', which is unknown`);
  const buffer = ownBuffer(bytes(tag, text));
  if (buffer.byteLength % type.BYTES_PER_ELEMENT !== 0) throw malformed(tag);
  return new type(buffer);
}

function bytes(tag: string, text: unknown): Buffer {
  if (typeof text !== 'string' || text.length % 4 !== 0 || !BASE64.test(text)) throw malformed(tag);
  return Buffer.from(text, 'base64');
}

/** Small buffers share a pool; what users get must be theirs alone. */
function ownBuffer(buffer: Buffer): ArrayBuffer {
  const copy = new ArrayBuffer(buffer.byteLength);
  new Uint8Array(copy).set(buffer);
  return copy;
}

function list(tag: string, json: unknown): readonly unknown[] {
  if (!Array.isArray(json)) throw malformed(tag);
  return json;
}

function record(tag: string, json: unknown): Record<string, unknown> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw malformed(tag);
  return json as Record<string, unknown>;
}

function expect(tag: string, args: readonly unknown[], count: number): true {
  if (args.length !== count) throw malformed(tag);
  return true;
}

function malformed(tag: string): UnreadableValueError {
  return new UnreadableValueError(`the stored text holds a malformed '${shown(tag)}'`);
}

function shown(value: unknown): string {
  return String(value).slice(0, 60);
}
