import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Duration } from './duration.js';

/** A class with `@Event(name)`; `Data` is its instance type. */
export type EventClass<Data = unknown> = abstract new (...args: never[]) => Data;

/**
 * An event without a class, made by `defineEvent(name, schema)`. `Data` is what handlers receive (the schema's output),
 * `Input` what may be published.
 */
export interface SchemaEvent<Data = unknown, Input = unknown> {
  readonly kind: 'holdfast/event';
  /** The name on the wire. */
  readonly name: string;
  readonly schema: StandardSchemaV1<Input, Data>;
  /** The field whose value `waitFor` keys on; absent: nobody can wait for it. */
  readonly correlate?: string;
  /** How long an event is kept for those that wait for it; absent: `'7d'`. */
  readonly keep?: Duration;
}

/** What the members of a union are told apart by: `type` is the name on the wire. */
export interface UnionMember {
  readonly type: string;
}

/** All events of one schema, told apart by `type`; made by `defineEvents(schema)`. */
export interface EventUnion<Data extends UnionMember = UnionMember, Input = unknown> {
  readonly kind: 'holdfast/events';
  /** Names the family: whoever takes the whole union subscribes to `familyRoute(id)`. */
  readonly id: string;
  readonly schema: StandardSchemaV1<Input, Data>;
}

/** Anything that names events and says what they carry. */
export type EventSource = EventClass | SchemaEvent | EventUnion;

/** What handlers of an event receive. A bare name says nothing about it: `unknown`. */
export type EventData<Source> =
  Source extends SchemaEvent<infer Data, unknown>
    ? Data
    : Source extends EventUnion<infer Data, unknown>
      ? Data
      : Source extends EventClass<infer Data>
        ? Data
        : unknown;

/** What may be published as an event: the fields of a class, the input of a schema. */
export type EventInput<Source> =
  Source extends SchemaEvent<unknown, infer Input>
    ? Input
    : Source extends EventUnion<UnionMember, infer Input>
      ? Input
      : Source extends EventClass<infer Data>
        ? DataFields<Data>
        : unknown;

/** The fields of a class, without its methods; any other type as it is. */
export type DataFields<Data> = Data extends object
  ? {
      [Field in keyof Data as Data[Field] extends (...args: never[]) => unknown ? never : Field]: Data[Field];
    }
  : Data;

/** The members of a union with that `type`. */
export type MemberOf<Data extends UnionMember, Type extends Data['type']> = Extract<
  Data,
  { readonly type: Type }
>;

/** The route that takes every member of a union: no event name begins with `*`. */
export function familyRoute(unionId: string): string {
  return `*${unionId}`;
}

/** Whether the value is what `defineEvent` returns, of whichever copy of the package. */
export function isSchemaEvent(value: unknown): value is SchemaEvent {
  return hasKind(value, 'holdfast/event');
}

/** Whether the value is what `defineEvents` returns, of whichever copy of the package. */
export function isEventUnion(value: unknown): value is EventUnion {
  return hasKind(value, 'holdfast/events');
}

function hasKind(value: unknown, kind: string): boolean {
  return typeof value === 'object' && value !== null && (value as { readonly kind?: unknown }).kind === kind;
}
