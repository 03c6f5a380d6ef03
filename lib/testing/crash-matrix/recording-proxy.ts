type Callable = (...args: readonly unknown[]) => unknown;

/** What is recorded of the calls of one object. */
export interface Recorded {
  /** As reports name it: `Payments`; of its methods `Payments.charge`. */
  readonly title: string;
  /**
   * Code of the test's own app, most likely. Calls of the handler, and from one recorded object to another, count only
   * when they answer later: what answers at once may be a calculation.
   */
  readonly isGuessed: boolean;
}

/** Makes the call, or does not. */
export type RecordedCall = (invoke: () => unknown, args: readonly unknown[], recorded: Recorded) => unknown;

/** The object with `call` around each of its methods, also those of what it holds; a value without any is given as it is. */
export function recordingProxy(value: unknown, recorded: Recorded, call: RecordedCall): unknown {
  return isRecordable(value) ? wrapObject(value, recorded, call) : value;
}

function wrapObject(value: object, recorded: Recorded, call: RecordedCall): object {
  const members = new Map<string, readonly [own: unknown, wrapped: unknown]>();
  const memberOf = (name: string, own: unknown): unknown => {
    const within = { ...recorded, title: `${recorded.title}.${name}` };
    // Called on the object itself, which may have private fields.
    if (typeof own === 'function') return new Proxy(own, calling(own as Callable, value, within, call));
    return recordingProxy(own, within, call);
  };
  return new Proxy(targetFor(value), {
    get: (_, name) => {
      const own: unknown = Reflect.get(value, name, value);
      if (typeof name === 'symbol' || isBuiltIn(value, name)) return own;
      const known = members.get(name);
      if (known !== undefined && known[0] === own) return known[1];
      const wrapped = memberOf(name, own);
      members.set(name, [own, wrapped]);
      return wrapped;
    },
    set: (_, name, member) => Reflect.set(value, name, member, value),
    has: (_, name) => Reflect.has(value, name),
    ...(typeof value === 'function' ? calling(value as Callable, null, recorded, call) : null),
  });
}

/** `receiver` null: whoever it is called on. */
function calling(
  body: Callable,
  receiver: object | null,
  recorded: Recorded,
  call: RecordedCall,
): { apply: (target: object, caller: unknown, args: readonly unknown[]) => unknown } {
  return {
    apply: (_, caller, args) =>
      call(() => Reflect.apply(body, receiver ?? caller, args) as unknown, args, recorded),
  };
}

/** Has members to record. What the platform makes is data: collections, promises, signals, errors. */
function isRecordable(value: unknown): value is object {
  if (typeof value === 'function') return true;
  if (typeof value !== 'object' || value === null) return false;
  const kind = Object.prototype.toString.call(value).slice('[object '.length, -1);
  return kind === 'Object' || !(kind in globalThis);
}

/** A proxy must give the own values of a frozen target. */
function targetFor(value: object): object {
  if (typeof value === 'function' || !Object.isFrozen(value)) return value;
  return Object.create(Object.getPrototypeOf(value) as object) as object;
}

/** What every object or function has. */
function isBuiltIn(value: object, name: string): boolean {
  if (name in Object.prototype) return true;
  return typeof value === 'function' && (name in Function.prototype || name === 'prototype');
}
