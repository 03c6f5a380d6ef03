import type { Runtime } from '../../lib/app/runtime/runtime.js';
import type { Store } from '../../lib/ports/store.js';
import type { Verdict, Write } from '../../lib/ports/store-write.js';
import type { SeedOptions } from './run-seed.js';

/** A mistake planted into the engine or the store, to see whether the simulation finds it. */
export interface PlantedBug {
  readonly name: string;
  /** How a seed runs with the mistake. */
  readonly options?: SeedOptions;
  /** The first seed to try, where few find it; 1 by default. */
  readonly from?: number;
  /** Changes classes of the engine; answers what changes them back. */
  readonly patch?: () => () => void;
}

export type Inside<T> = { [Name in keyof T]: T[Name] } & Record<string, unknown>;

/** A runtime with its private parts. */
export function parts(runtime: Runtime): Readonly<Record<'sweeper' | 'lease' | 'writer', Inside<object>>> {
  return runtime as unknown as Readonly<Record<'sweeper' | 'lease' | 'writer', Inside<object>>>;
}

export function replaced(
  type: { readonly prototype: object },
  method: string,
  make: (original: (...args: never[]) => unknown) => unknown,
): () => () => void {
  return () => {
    const prototype = type.prototype as Record<string, unknown>;
    const original = prototype[method] as ((...args: never[]) => unknown) | undefined;
    if (original === undefined) throw new Error(`there is no ${method}() to replace any more`);
    prototype[method] = make(original);
    return () => {
      prototype[method] = original;
    };
  };
}

/** The store with some calls changed; the others go through. */
export function storeWith(make: (inner: Store) => Partial<Store>): SeedOptions {
  return {
    wrapStore: (inner) => {
      const changed = make(inner);
      return new Proxy(inner, {
        get(target, name) {
          if (Object.hasOwn(changed, name)) return changed[name as keyof Store];
          const value: unknown = Reflect.get(target, name);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
    },
  };
}

export function mappedWrites(map: (write: Write) => Write): SeedOptions {
  return storeWith((inner) => ({ write: (writes) => inner.write(writes.map(map)) }));
}

export function mappedVerdicts(map: (verdict: Verdict, write: Write) => Verdict): SeedOptions {
  return storeWith((inner) => ({
    write: async (writes) =>
      (await inner.write(writes)).map((verdict, at) => map(verdict, writes[at] as Write)),
  }));
}
