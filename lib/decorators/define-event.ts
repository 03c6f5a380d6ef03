import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Duration } from '../model/duration.js';
import { DefinitionError } from '../model/errors-boot.js';
import type { EventUnion, SchemaEvent, UnionMember } from '../model/event-source.js';
import { writeOneOf } from '../model/near-names.js';
import { declareUnion } from '../metadata/declared-unions.js';
import type { HasField } from './has-field.js';
import { onEventOf, type UnionOnEvent } from './on-event-of.js';

/** Of `defineEvent`. */
export interface DefineEventOptions<Path extends string = string> {
  /**
   * The field that tells instances of this event apart for `waitFor`: `'orderId'`, or a path as `'order.id'`. Its value is text,
   * a number or a boolean. Default: none, and nobody can wait for the event.
   */
  readonly correlate?: Path;
  /** How long an event is kept for those that wait for it, at most 100 of one key. Default: `'7d'`. */
  readonly keep?: Duration;
}

/** Nothing, or a sentence that says why the field cannot be read. */
type CorrelateCheck<Data, Path extends string> =
  HasField<Data, Path> extends true
    ? unknown
    : { readonly correlate: { readonly mistake: `there is no field '${Path}' in what the schema gives` } };

/**
 * An event without a class: any Standard Schema (zod, valibot, arktype…) says what it carries. Used like a class in
 * `@OnEvent` and `publish`. `name` is what is stored and sent.
 *
 * @example
 * const UserSignedUp = defineEvent('user.signed-up', z.object({ userId: z.string() }));
 */
export function defineEvent<Schema extends StandardSchemaV1, const Path extends string = string>(
  name: string,
  schema: Schema,
  options?: DefineEventOptions<Path> & CorrelateCheck<StandardSchemaV1.InferOutput<Schema>, Path>,
): SchemaEvent<StandardSchemaV1.InferOutput<Schema>, StandardSchemaV1.InferInput<Schema>>;
export function defineEvent<Schema extends StandardSchemaV1>(
  name: string,
  schema: Schema,
  options: DefineEventOptions = {},
): SchemaEvent<StandardSchemaV1.InferOutput<Schema>, StandardSchemaV1.InferInput<Schema>> {
  if (typeof name !== 'string' || name === '' || name.startsWith('*')) {
    throw mistake(
      `defineEvent(${JSON.stringify(name)})`,
      'a name that is empty or begins with *',
      "Name the event, for example 'user.signed-up'",
    );
  }
  assertSchema(`defineEvent('${name}')`, schema);
  const unknown = Object.keys(options).find((option) => option !== 'correlate' && option !== 'keep');
  if (unknown !== undefined)
    throw mistake(
      `defineEvent('${name}')`,
      `the unknown option ${unknown}`,
      writeOneOf(unknown, ['correlate', 'keep']),
    );
  return Object.freeze({
    ...options,
    kind: 'holdfast/event',
    name,
    schema: schema as StandardSchemaV1<
      StandardSchemaV1.InferInput<Schema>,
      StandardSchemaV1.InferOutput<Schema>
    >,
  });
}

/** Schemas whose output is told apart by `type`. */
type UnionSchema = StandardSchemaV1<unknown, UnionMember>;

/** Of `defineEvents`. */
export interface DefineEventsOptions {
  /** Names the union in stored subscriptions; needed where an app has several. Default: `'events'`. */
  readonly id?: string;
}

/** A union of events that also makes `@OnEvent` decorators for its members. */
export interface Events<Data extends UnionMember, Input> extends EventUnion<Data, Input> {
  /** `@events.OnEvent('user.signup')`: one member, several, or those that a guard takes. */
  readonly OnEvent: UnionOnEvent<Data>;
}

/**
 * All events of one union schema, told apart by their `type`.
 *
 * @example
 * const events = defineEvents(z.discriminatedUnion('type', [Signup, Upgrade]));
 * class Mails { @events.OnEvent('user.signup') welcome(event: Signup) { … } }
 */
export function defineEvents<Schema extends UnionSchema>(
  schema: Schema,
  options: DefineEventsOptions = {},
): Events<StandardSchemaV1.InferOutput<Schema>, StandardSchemaV1.InferInput<Schema>> {
  assertSchema('defineEvents()', schema);
  const union: EventUnion<StandardSchemaV1.InferOutput<Schema>, StandardSchemaV1.InferInput<Schema>> = {
    kind: 'holdfast/events',
    id: options.id ?? 'events',
    schema: schema as StandardSchemaV1<
      StandardSchemaV1.InferInput<Schema>,
      StandardSchemaV1.InferOutput<Schema>
    >,
  };
  declareUnion(union);
  return Object.freeze({ ...union, OnEvent: onEventOf(union) });
}

function assertSchema(call: string, schema: unknown): void {
  const standard: unknown =
    (typeof schema === 'object' && schema !== null) || typeof schema === 'function'
      ? (schema as Partial<StandardSchemaV1>)['~standard']
      : undefined;
  if (typeof (standard as Partial<StandardSchemaV1['~standard']> | undefined)?.validate === 'function')
    return;
  throw mistake(
    call,
    'a schema that is no Standard Schema',
    'Give a schema of zod 4, valibot, arktype or another library that implements it',
  );
}

function mistake(call: string, found: string, write: string): DefinitionError {
  return new DefinitionError([{ class: call, member: null, found, write }]);
}
