import type { Limits } from './limits.js';
import type { Violation } from './violation.js';

/** Keys that change prototypes in code that copies objects carelessly. */
const forbidden: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);
const MAX_PATH = 256;

/** One object or array being walked: its keys (null: an array) and how far the walk is. */
interface Frame {
  readonly value: object;
  readonly keys: readonly string[] | null;
  next: number;
}

/**
 * What speaks against reading an event at all, before any parser sees it: nesting, keys of one object, size, cycles, and
 * own keys named `__proto__`, `constructor` or `prototype`. Stops at the first fault; never recurses, and reads no more
 * of the data than the limits allow. The size is a lower bound of the encoded text: whoever encodes checks that too.
 */
export function checkLimits(data: unknown, limits: Limits): readonly Violation[] {
  return isFlatWithin(data, limits) ? none : new LimitsWalk(limits).run(data);
}

const none: readonly Violation[] = Object.freeze([]);

/** Most events are a few texts and numbers, far from every limit: no walk is needed to tell. */
function isFlatWithin(data: unknown, limits: Limits): boolean {
  if (typeof data !== 'object' || data === null || Object.getPrototypeOf(data) !== Object.prototype)
    return false;
  let keys = 0;
  let mostBytes = 2;
  for (const key in data) {
    const value = (data as Readonly<Record<string, unknown>>)[key];
    if (forbidden.has(key) || (typeof value === 'object' && value !== null)) return false;
    keys++;
    mostBytes += 3 * key.length + (typeof value === 'string' ? 3 * value.length : 0) + 6;
  }
  return keys <= limits.keys && mostBytes <= limits.eventBytes && limits.depth > 0;
}

class LimitsWalk {
  private readonly limits: Limits;
  private readonly frames: Frame[] = [];
  private bytes: number;
  private fault: Violation | null = null;

  constructor(limits: Limits) {
    this.limits = limits;
    // Every value is counted with a comma behind it; the outermost has none.
    this.bytes = limits.eventBytes + 1;
  }

  run(data: unknown): readonly Violation[] {
    this.visit(data);
    for (let top = this.frames.at(-1); top !== undefined && this.fault === null; top = this.frames.at(-1)) {
      this.step(top);
    }
    return this.fault === null ? [] : [this.fault];
  }

  private step(frame: Frame): void {
    if (frame.keys === null) {
      const items = frame.value as readonly unknown[];
      if (frame.next === items.length) this.frames.pop();
      else this.visit(items[frame.next++]);
      return;
    }
    const key = frame.keys[frame.next];
    if (key === undefined) {
      this.frames.pop();
      return;
    }
    frame.next++;
    if (forbidden.has(key)) this.refuse('the key is not allowed');
    else if (this.take(key.length + 3)) this.visit((frame.value as Readonly<Record<string, unknown>>)[key]);
  }

  private visit(value: unknown): void {
    if (typeof value === 'string')
      this.take(value.length < 64 ? value.length + 3 : Buffer.byteLength(value) + 3);
    else if (typeof value !== 'object' || value === null) this.take(2);
    else this.enter(value);
  }

  private enter(value: object): void {
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
      this.take(value.byteLength);
      return;
    }
    if (!this.take(1)) return;
    if (this.frames.length >= this.limits.depth) {
      this.fault = this.cycle(value) ?? {
        path: this.path(),
        message: `is nested deeper than ${this.limits.depth} levels`,
      };
      return;
    }
    if (Array.isArray(value)) this.push(value, null);
    else if (value instanceof Map) this.push([...value.keys(), ...value.values()], null);
    else if (value instanceof Set) this.push([...value], null);
    else this.enterFields(value);
  }

  private enterFields(value: object): void {
    const keys = Object.keys(value);
    if (keys.length <= this.limits.keys) this.push(value, keys);
    else this.refuse(`has ${keys.length} keys, more than ${this.limits.keys}`);
  }

  private push(value: object, keys: readonly string[] | null): void {
    this.frames.push({ value, keys, next: 0 });
  }

  private take(bytes: number): boolean {
    this.bytes -= bytes;
    if (this.bytes >= 0) return true;
    this.fault = this.cycle(null) ?? {
      path: '',
      message: `is larger than limits.eventBytes (${this.limits.eventBytes})`,
    };
    return false;
  }

  private refuse(message: string): void {
    this.fault = { path: this.path(), message };
  }

  /** Where the walk first came back to what it was in. Only asked for once it has gone too far: each level would pay for it. */
  private cycle(value: object | null): Violation | null {
    const above = new Set<object | null>();
    const entered = [...this.frames.map((frame) => frame.value), value];
    const at = entered.findIndex((each) => above.size === above.add(each).size);
    if (at < 0) return null;
    return {
      path: this.path(at),
      message: 'refers to what contains it (a cycle), which cannot be stored. Give plain data',
    };
  }

  /** Leads to where the walk is, or to what it entered at that level. */
  private path(level = this.frames.length): string {
    const names = this.frames
      .slice(0, level)
      .map(({ keys, next }) => (keys === null ? String(next - 1) : (keys[next - 1] ?? '')));
    const path = names.join('.');
    return path.length > MAX_PATH ? `${path.slice(0, MAX_PATH)}…` : path;
  }
}
