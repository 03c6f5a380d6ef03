import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { ClassEvents } from '../../adapters/class-validator/class-event-checker.js';
import { loadClassEvents } from '../../adapters/class-validator/class-event-checker.js';
import { isStandardSchema, schemaEventChecker } from '../../adapters/standard-schema/schema-event-checker.js';
import type { AnyClass } from '../../metadata/class-metadata.js';
import { eventMetadataOf, findOwnMetadata } from '../../metadata/metadata-store.js';
import { ConfigurationError, DefinitionError } from '../../model/errors-boot.js';
import { UnknownEventError } from '../../model/errors-event.js';
import { type EventUnion, isEventUnion, isSchemaEvent, type SchemaEvent } from '../../model/event-source.js';
import type { Limits } from '../../model/limits.js';
import type { MailRule } from '../../model/mailbox.js';
import type { EventChecker, EventDefinition } from '../../ports/event-checker.js';
import { type EventUnions, createEventUnions } from './event-unions.js';
import { limitedChecker } from './limited-checker.js';
import { mailRuleOf } from './mail-rule.js';
import { nearNames } from '../../model/near-names.js';
import { titleOf } from './source-title.js';

export interface EventSourcesOptions {
  /** Asked at each check, so that `configure({ limits })` holds at once. */
  readonly limits: () => Limits;
  /** `bootstrap({ events })`: a schema of the whole union, or what `defineEvents` returned. */
  readonly union?: StandardSchemaV1 | EventUnion | undefined;
}

/** What a call of `publish` means. */
export interface ResolvedEvent {
  readonly definition: EventDefinition;
  readonly data: unknown;
  /** The argument after the event: publish options. */
  readonly options: unknown;
}

/** Knows every event that one app can publish or restore. */
export interface EventSources {
  /**
   * Reads the arguments of `publish`: (class, data, options?), (instance, options?), (schema event, data, options?),
   * (union member, options?) or (name, data, options?). Answers at once unless a class event is met for the first time
   * or an asynchronous union has to say which of several takes the member. Throws `UnknownEventError`, and
   * `DefinitionError` for two sources of one name.
   */
  resolve(args: readonly unknown[]): ResolvedEvent | Promise<ResolvedEvent>;
  /** Makes a class, schema event or union known by name; names alone are ignored. Throws as `resolve` does. */
  register(source: unknown): Promise<void>;
  /** The same for what code waits for; a promise while it has to be loaded, else null: it is known. */
  know(source: unknown): Promise<void> | null;
  /** How to restore stored events of that name; null while nothing of that name was registered or published. */
  definitionOf(name: string): EventDefinition | null;
  /** The class that was registered or published under that name; null: none. */
  classOf(name: string): AnyClass | null;
}

interface Named {
  readonly source: object;
  readonly definition: EventDefinition;
}

export function createEventSources(options: EventSourcesOptions): EventSources {
  return new KnownEvents(options);
}

class KnownEvents implements EventSources {
  private readonly limits: () => Limits;
  private readonly named = new Map<string, Named>();
  private readonly loading = new Map<AnyClass, Promise<EventDefinition>>();
  private readonly unions: EventUnions;
  private classEvents: Promise<ClassEvents> | null = null;

  constructor({ limits, union }: EventSourcesOptions) {
    this.limits = limits;
    this.unions = createEventUnions(limits);
    if (union !== undefined) this.unions.add(appUnion(union));
  }

  resolve(args: readonly unknown[]): ResolvedEvent | Promise<ResolvedEvent> {
    const [source, second, third] = args;
    if (typeof source === 'string') return this.byName(source, second, third);
    if (isSchemaEvent(source))
      return { definition: this.ofSchemaEvent(source), data: second, options: third };
    if (isEventUnion(source)) return this.member([source], second, third, source);
    if (isEventClass(source)) return this.ofClass(source, second, third);
    if (isObject(source) && !isStandardSchema(source)) {
      const type: unknown = source.constructor;
      if (isEventClass(type)) return this.ofClass(type, source, second);
      if (typeof (source as { readonly type?: unknown }).type === 'string') {
        return this.member(this.unions.all(), source, second, source);
      }
    }
    throw unknown(source);
  }

  async register(source: unknown): Promise<void> {
    if (isEventUnion(source)) this.unions.add(source);
    else if (isSchemaEvent(source)) this.ofSchemaEvent(source);
    else if (isEventClass(source)) await this.definitionOfClass(source);
    else if (typeof source !== 'string') throw unknown(source);
  }

  know(source: unknown): Promise<void> | null {
    if (isEventClass(source) && this.named.get(eventMetadataOf(source)?.name as string)?.source !== source)
      return this.definitionOfClass(source).then(() => undefined);
    if (isSchemaEvent(source)) this.ofSchemaEvent(source);
    return null;
  }

  definitionOf(name: string): EventDefinition | null {
    return this.named.get(name)?.definition ?? this.unions.definitionOf(name);
  }

  classOf(name: string): AnyClass | null {
    const source = this.named.get(name)?.source;
    return isEventClass(source) ? source : null;
  }

  private byName(name: string, data: unknown, options: unknown): ResolvedEvent | Promise<ResolvedEvent> {
    const known = this.named.get(name);
    if (known !== undefined) return { definition: known.definition, data, options };
    if (this.unions.all().length === 0) throw unknown(name, this.named.keys());
    const isBare = isObject(data) && !Array.isArray(data) && !Object.hasOwn(data, 'type');
    return this.member(this.unions.all(), isBare ? { type: name, ...data } : data, options, name);
  }

  private member(
    unions: readonly EventUnion[],
    data: unknown,
    options: unknown,
    source: unknown,
  ): ResolvedEvent | Promise<ResolvedEvent> {
    const type: unknown = isObject(data) ? (data as { readonly type?: unknown }).type : undefined;
    if (typeof type !== 'string' || unions.length === 0) throw unknown(source);
    const definition = this.unions.choose(unions, type, data);
    return definition instanceof Promise
      ? definition.then((chosen) => ({ definition: chosen, data, options }))
      : { definition, data, options };
  }

  private ofSchemaEvent(source: SchemaEvent): EventDefinition {
    const known = this.named.get(source.name);
    if (known !== undefined && isSameSchema(known.source, source)) return known.definition;
    return this.add(source.name, source, schemaEventChecker(source.schema), mailRuleOf(source, source));
  }

  private ofClass(type: AnyClass, data: unknown, options: unknown): ResolvedEvent | Promise<ResolvedEvent> {
    const name = eventMetadataOf(type)?.name as string;
    const known = this.named.get(name);
    if (known?.source === type) return { definition: known.definition, data, options };
    return this.definitionOfClass(type).then((definition) => ({ definition, data, options }));
  }

  private definitionOfClass(type: AnyClass): Promise<EventDefinition> {
    const name = eventMetadataOf(type)?.name as string;
    const known = this.named.get(name);
    if (known?.source === type) return Promise.resolve(known.definition);
    let loading = this.loading.get(type);
    if (loading === undefined) {
      loading = this.load(name, type).finally(() => this.loading.delete(type));
      this.loading.set(type, loading);
    }
    return loading;
  }

  private async load(name: string, type: AnyClass): Promise<EventDefinition> {
    const { mistakes = [] } = findOwnMetadata(type) ?? {};
    if (mistakes.length > 0) throw new DefinitionError(mistakes);
    this.classEvents ??= loadClassEvents();
    const classEvents = await this.classEvents.catch((error: unknown) => {
      this.classEvents = null;
      throw error;
    });
    return this.add(name, type, classEvents(type), mailRuleOf(type, eventMetadataOf(type) ?? {}));
  }

  private add(name: string, source: object, checker: EventChecker, mail: MailRule | null): EventDefinition {
    const other = this.named.get(name);
    if (other !== undefined) throw twoOfOneName(name, source, other.source);
    const limited = limitedChecker(checker, this.limits);
    const definition = Object.freeze({
      name,
      families: [],
      checker: limited,
      ...(mail === null ? null : { mail }),
    });
    this.named.set(name, { source, definition });
    return definition;
  }
}

function appUnion(union: StandardSchemaV1 | EventUnion): EventUnion {
  if (isEventUnion(union)) return union;
  if (isStandardSchema(union)) {
    return { kind: 'holdfast/events', id: 'events', schema: union as EventUnion['schema'] };
  }
  throw new ConfigurationError([
    {
      option: 'events',
      found: titleOf(union),
      write:
        'Give a Standard Schema (zod, valibot…) whose members have a `type`, or what defineEvents returned',
    },
  ]);
}

/** A class with its own `@Event`. Schemas may be functions too: they come first. */
function isEventClass(value: unknown): value is AnyClass {
  return (
    typeof value === 'function' &&
    !isStandardSchema(value) &&
    eventMetadataOf(value as unknown as AnyClass) !== null
  );
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isSameSchema(known: object, source: SchemaEvent): boolean {
  if (known === source) return true;
  if (!isSchemaEvent(known) || known.schema !== source.schema) return false;
  return known.correlate === source.correlate && known.keep === source.keep;
}

function unknown(source: unknown, names: Iterable<string> = []): UnknownEventError {
  const title = titleOf(source);
  return new UnknownEventError(title, `${title} is no event that this app knows`, instead(source, names));
}

function instead(source: unknown, names: Iterable<string>): string | undefined {
  if (typeof source === 'function' && !isStandardSchema(source))
    return "Write @Event('some.name') on it, with its parentheses";
  if (typeof source !== 'string') return undefined;
  const near = nearNames(source, names);
  if (near.length > 0) return `Write ${near.join(' or ')}`;
  const name = titleOf(source);
  return `Publish the class with @Event(${name}), or what defineEvent(${name}, schema) gave`;
}

function twoOfOneName(name: string, source: object, other: object): DefinitionError {
  return new DefinitionError([
    {
      class: titleOf(source),
      member: null,
      found: `its event name '${name}' is also that of ${titleOf(other)}`,
      write: 'Give each event a name of its own',
    },
  ]);
}
