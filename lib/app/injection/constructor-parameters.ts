import { type ClassMistakes, MistakeLog } from '../../compiler/mistake-log.js';
import { findOwnMetadata, lineage } from '../../metadata/metadata-store.js';
import { reflection } from '../../metadata/reflection.js';
import type { WorkerClass } from '../../model/definition.js';
import type { DefinitionMistake } from '../../model/errors-boot.js';
import type { Constructable } from './provider.js';

/** What one constructor parameter takes. */
export interface Parameter {
  readonly index: number;
  readonly token: unknown;
  /** A missing provider gives `undefined`. */
  readonly optional: boolean;
  /** tsyringe's `@injectAll`. */
  readonly all: boolean;
  /** tsyringe's `@injectWithTransform`. */
  readonly transform: { readonly token: unknown; readonly args: readonly unknown[] } | null;
}

/**
 * What the constructor that a class runs takes: its own, or that of the nearest class it extends. Tokens go before
 * emitted types. Notes parameters that nothing usable is known about; `neededBy` is the title of what takes the class.
 */
export function constructorParameters(
  type: WorkerClass,
  mistakes: ClassMistakes,
  neededBy: string | null = null,
): Parameter[] {
  const owner = constructorOwner(type);
  if (owner === null) return [];
  const sources = readSources(owner);
  const count = Math.max(
    owner.length,
    sources.types.length,
    ...[...sources.tokens.keys()].map((index) => index + 1),
    0,
  );
  const isWorker = findOwnMetadata(type)?.worker != null;
  const needed = isWorker || neededBy === null ? '' : ` (${type.name} is injected into ${neededBy})`;
  const parameters: Parameter[] = [];
  for (let index = 0; index < count; index++) {
    const problem = problemWith(index, sources, isWorker ? WORKER_CURES : CURES);
    if (problem === null) parameters.push(parameter(index, sources));
    else mistakes.add(`parameter ${index}`, problem.found + needed, problem.write);
  }
  return parameters;
}

/**
 * What is wrong with a class whose constructor has parameters of which the build has emitted no types, and that no
 * `@Inject` names: for hosts whose container would give `undefined`, as that of Nest does.
 */
export function untypedParameters(type: WorkerClass): readonly DefinitionMistake[] {
  // Such containers go by the types of a class that this one extends, too.
  if (Array.isArray(reflection.getMetadata?.('design:paramtypes', type))) return [];
  const log = new MistakeLog();
  constructorParameters(type, log.of(type));
  return log.mistakes;
}

interface Sources {
  readonly tokens: ReadonlyMap<number, unknown>;
  readonly optional: ReadonlySet<unknown>;
  /** Emitted by the build; empty where it emits none. */
  readonly types: readonly unknown[];
  readonly hasTypes: boolean;
}

/** The nearest class with something known about its constructor, or with parameters; null: nothing takes any. */
function constructorOwner(type: WorkerClass): WorkerClass | null {
  return (
    lineage(type).find((owner) => {
      const { tokens, hasTypes } = readSources(owner);
      return owner.length > 0 || hasTypes || tokens.size > 0;
    }) ?? null
  );
}

function readSources(owner: WorkerClass): Sources {
  const own = findOwnMetadata(owner);
  const tokens = new Map<number, unknown>();
  const inject = own?.worker?.inject;
  if (Array.isArray(inject)) inject.forEach((token: unknown, index) => tokens.set(index, token));
  for (const { index, param } of ownArray<{ index: number; param: unknown }>('self:paramtypes', owner))
    tokens.set(index, param);
  for (const [index, token] of Object.entries(reflection.getOwnMetadata?.('injectionTokens', owner) ?? {})) {
    tokens.set(Number(index), token);
  }
  for (const [index, token] of own?.injections ?? []) tokens.set(index, token);
  const types = reflection.getOwnMetadata?.('design:paramtypes', owner);
  return {
    tokens,
    optional: new Set(ownArray('optional:paramtypes', owner)),
    types: Array.isArray(types) ? types : [],
    hasTypes: Array.isArray(types),
  };
}

function ownArray<Item>(key: string, owner: WorkerClass): readonly Item[] {
  const value = reflection.getOwnMetadata?.(key, owner);
  return Array.isArray(value) ? value : [];
}

interface TsyringeDescriptor {
  readonly token: unknown;
  readonly multiple?: boolean;
  readonly isOptional?: boolean;
  readonly transform?: unknown;
  readonly transformArgs?: readonly unknown[];
}

function parameter(index: number, { tokens, types, optional }: Sources): Parameter {
  const token = tokens.has(index) ? tokens.get(index) : types[index];
  if (!isDescriptor(token))
    return { index, token, optional: optional.has(index), all: false, transform: null };
  return {
    index,
    token: token.token,
    optional: token.isOptional === true || optional.has(index),
    all: token.multiple === true,
    transform:
      token.transform === undefined ? null : { token: token.transform, args: token.transformArgs ?? [] },
  };
}

function isDescriptor(value: unknown): value is TsyringeDescriptor {
  return typeof value === 'object' && value !== null && 'token' in value;
}

/** What tsyringe's `delay` makes: a stand-in for a class that is constructed when it is first used. */
export interface Delayed {
  createProxy(create: (target: Constructable) => object): object;
}

export function isDelayed(token: unknown): token is Delayed {
  return (
    typeof token === 'object' && token !== null && typeof Reflect.get(token, 'createProxy') === 'function'
  );
}

interface Problem {
  readonly found: string;
  readonly write: string;
}

/** What to write where a type says nothing. */
interface Cures {
  readonly noTypes: string;
  readonly noToken: string;
}

const USE_TOKEN =
  'Write @Inject(TOKEN) on the parameter, or list the tokens: @Worker({ inject: [Payments, METRICS] })';
const WORKER_CURES: Cures = {
  noToken: USE_TOKEN,
  noTypes: `${USE_TOKEN}. With tsc or SWC, set emitDecoratorMetadata`,
};
const CURES: Cures = {
  noToken: "Write @Inject(TOKEN) (from 'holdfast') on the parameter",
  noTypes:
    "Write @Injectable() (from 'holdfast') on the class and compile it with emitDecoratorMetadata, or write @Inject(TOKEN) on the parameter",
};
const BUILT_IN = new Set<unknown>([
  String,
  Number,
  Boolean,
  Symbol,
  BigInt,
  Array,
  Promise,
  Date,
  RegExp,
  Map,
  Set,
  Error,
]);

function problemWith(index: number, { tokens, types, hasTypes }: Sources, cures: Cures): Problem | null {
  if (tokens.has(index)) {
    const token = tokens.get(index);
    const named = isDescriptor(token) ? token.token : token;
    if (named !== undefined && named !== null) return null;
    return {
      found: 'its token is undefined: a circular import, or a name that the imported file does not export',
      write: 'Import the token from a file that does not import this one',
    };
  }
  const type = types[index];
  if (isDescriptor(type)) return null;
  if (!hasTypes || (type === undefined && index >= types.length)) {
    return {
      found:
        'its type is unknown: the build emits no constructor types (tsx and esbuild never do), or the class has no decorator',
      write: cures.noTypes,
    };
  }
  if (type === undefined || type === null) {
    return {
      found: 'its type is undefined: a circular import, or a class declared further down in the file',
      write: 'Break the circle, or move the class up',
    };
  }
  if (type === Function) {
    return {
      found: 'its type is emitted as Function: most likely the class is imported by `import type`',
      write: 'Import the class itself: import { Payments }, not import type',
    };
  }
  if (type === Object || typeof type !== 'function') {
    return {
      found: 'its type is an interface, a union or another type that does not exist at run time',
      write: cures.noToken,
    };
  }
  if (BUILT_IN.has(type))
    return { found: `its type is ${type.name}, which names no dependency`, write: cures.noToken };
  return null;
}
