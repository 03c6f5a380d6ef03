import type { AnyClass, ClassMetadata, EventMetadata, MethodMetadata } from './class-metadata.js';

/** Grows when the shape of `ClassMetadata` changes in a way that another copy could not read. */
const METADATA_VERSION = 4;

interface Home {
  readonly records: WeakMap<AnyClass, ClassMetadata>;
  /** Classes with `@Storable`, by name; the class decorated last has the name. */
  readonly storables: Map<string, AnyClass>;
  /** Classes with `@Event`, by the event's name; the class decorated last has the name. */
  readonly events: Map<string, AnyClass>;
}

const key = Symbol.for(`holdfast/metadata/${METADATA_VERSION}`);

/** Shared by every copy of the package in the process. */
function home(): Home {
  const globals = globalThis as { [key]?: Home };
  globals[key] ??= { records: new WeakMap(), storables: new Map(), events: new Map() };
  return globals[key];
}

/** The class's own record, made when it has none. Only decorators write to it. */
export function ownMetadata(type: AnyClass): ClassMetadata {
  const { records } = home();
  let record = records.get(type);
  if (record === undefined) records.set(type, (record = emptyMetadata()));
  return record;
}

/** The class's own record of a method, made when it has none. */
export function ownMethod(type: AnyClass, name: string): MethodMetadata {
  const { methods } = ownMetadata(type);
  let method = methods.get(name);
  if (method === undefined) methods.set(name, (method = emptyMethod()));
  return method;
}

/** What the class itself was decorated with; null: nothing. */
export function findOwnMetadata(type: AnyClass): Readonly<ClassMetadata> | null {
  return home().records.get(type) ?? null;
}

/**
 * What holds for a class, as a copy: its own record over those of the classes it extends. Methods and policies are
 * inherited, each part of a method replaced by the subclass that decorates it anew. Event, worker, storable name and
 * constructor tokens are the class's own.
 */
export function metadataOf(type: AnyClass): ClassMetadata {
  const merged = emptyMetadata();
  for (const ancestor of lineage(type).reverse()) {
    const own = home().records.get(ancestor);
    if (own === undefined) continue;
    if (own.retry !== null) merged.retry = own.retry;
    if (own.timeout !== null) merged.timeout = own.timeout;
    if (own.concurrency !== null) merged.concurrency = own.concurrency;
    if (own.rateLimit !== null) merged.rateLimit = own.rateLimit;
    merged.mistakes.push(...own.mistakes);
    for (const [name, method] of own.methods)
      merged.methods.set(name, inherit(merged.methods.get(name), method));
  }
  const own = home().records.get(type);
  if (own === undefined) return merged;
  const { event, worker, actor, storable } = own;
  return { ...merged, event, worker, actor, storable, injections: new Map(own.injections) };
}

/** The class's `@Event`; null when it has none of its own. */
export function eventMetadataOf(type: AnyClass): EventMetadata | null {
  return home().records.get(type)?.event ?? null;
}

/** Makes a class an event. */
export function registerEvent(event: EventMetadata, type: AnyClass): void {
  ownMetadata(type).event = event;
  home().events.set(event.name, type);
}

/** The class with that `@Event` which this process loaded last; null: none. */
export function eventClassOf(name: string): AnyClass | null {
  return home().events.get(name) ?? null;
}

/** Gives a class its name in stored data. */
export function registerStorable(name: string, type: AnyClass): void {
  ownMetadata(type).storable = name;
  home().storables.set(name, type);
}

/** Every class with `@Storable` that this process has loaded, by name. */
export function storableClasses(): ReadonlyMap<string, AnyClass> {
  return new Map(home().storables);
}

/** The class and all it extends, nearest first. */
export function lineage(type: AnyClass): AnyClass[] {
  const classes: AnyClass[] = [];
  for (
    let next: unknown = type;
    isClass(next) && next !== Function.prototype;
    next = Object.getPrototypeOf(next)
  ) {
    classes.push(next);
  }
  return classes;
}

/** `Function.prototype`, where every class ends, has no `prototype`; nor have arrow functions. */
function isClass(value: unknown): value is AnyClass {
  return typeof value === 'function' && typeof value.prototype === 'object';
}

function inherit(base: MethodMetadata | undefined, own: MethodMetadata): MethodMetadata {
  return {
    subscriptions: [...(own.subscriptions.length > 0 ? own.subscriptions : (base?.subscriptions ?? []))],
    step: own.step ?? base?.step ?? null,
    retry: own.retry === null ? (base?.retry ?? null) : own.retry,
    timeout: own.timeout === null ? (base?.timeout ?? null) : own.timeout,
    concurrency: own.concurrency === null ? (base?.concurrency ?? null) : own.concurrency,
    rateLimit: own.rateLimit === null ? (base?.rateLimit ?? null) : own.rateLimit,
    compensates: own.compensates === null ? (base?.compensates ?? null) : own.compensates,
    renamedFrom: own.renamedFrom.length > 0 ? own.renamedFrom : (base?.renamedFrom ?? []),
    every: own.every ?? base?.every ?? null,
    actorRole: own.actorRole ?? base?.actorRole ?? null,
    debounce: own.debounce ?? base?.debounce ?? null,
  };
}

function emptyMetadata(): ClassMetadata {
  return {
    event: null,
    worker: null,
    actor: null,
    storable: null,
    retry: null,
    timeout: null,
    concurrency: null,
    rateLimit: null,
    methods: new Map(),
    injections: new Map(),
    mistakes: [],
  };
}

function emptyMethod(): MethodMetadata {
  return {
    subscriptions: [],
    step: null,
    retry: null,
    timeout: null,
    concurrency: null,
    rateLimit: null,
    compensates: null,
    renamedFrom: [],
    every: null,
    actorRole: null,
    debounce: null,
  };
}
