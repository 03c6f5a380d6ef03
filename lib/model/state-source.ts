import type { StandardSchemaV1 } from '@standard-schema/spec';

/** What says how state looks: a class, checked where it has class-validator decorators, or a Standard Schema (zod, valibot…). */
export type StateSource<State = unknown> =
  | (abstract new (
      ...args: never[]
    ) => State)
  | StandardSchemaV1<unknown, State>;
