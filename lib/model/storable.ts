/**
 * A class whose instances can be stored. Without the two static methods its own enumerable fields are kept, and no
 * constructor runs.
 */
export interface StorableType<Instance extends object = object> {
  readonly name: string;
  readonly prototype: Instance;
  /** What is stored instead of the fields: needed by classes with `#private` fields or functions as fields. */
  readonly toStored?: (instance: never) => unknown;
  /** Rebuilds an instance from what was stored; given together with `toStored`. */
  readonly fromStored?: (stored: never) => Instance;
}
