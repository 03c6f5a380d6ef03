import { schemaEventChecker } from '../../adapters/standard-schema/schema-event-checker.js';
import { declaredUnions } from '../../metadata/declared-unions.js';
import { DefinitionError } from '../../model/errors-boot.js';
import { type EventUnion, familyRoute } from '../../model/event-source.js';
import type { Limits } from '../../model/limits.js';
import type { CheckedEvent, EventChecker, EventDefinition } from '../../ports/event-checker.js';
import { limitedChecker } from './limited-checker.js';
import { titleOf } from './source-title.js';

/** Names come with published data: no more than this many are remembered per union. */
const MAX_NAMES = 1_000;

/** The unions of one app; a member's data does not name the union it belongs to. */
export interface EventUnions {
  /** Throws `DefinitionError` for a second union of the same id. */
  add(union: EventUnion): void;
  /** Those of the app, then those that `defineEvents` made elsewhere in the process. */
  all(): readonly EventUnion[];
  /** The member `type` of the first union that takes the data, else of the one that comes closest. */
  choose(
    unions: readonly EventUnion[],
    type: string,
    data: unknown,
  ): EventDefinition | Promise<EventDefinition>;
  /** The member of that name in the first union; null: there is none. */
  definitionOf(name: string): EventDefinition | null;
}

export function createEventUnions(limits: () => Limits): EventUnions {
  return new KnownUnions(limits);
}

interface Members {
  readonly checker: EventChecker;
  readonly definitions: Map<string, EventDefinition>;
}

class KnownUnions implements EventUnions {
  private readonly limits: () => Limits;
  private readonly own: EventUnion[] = [];
  private readonly members = new WeakMap<object, Members>();

  constructor(limits: () => Limits) {
    this.limits = limits;
  }

  add(union: EventUnion): void {
    const other = this.own.find(({ id }) => id === union.id);
    if (other === undefined) this.own.push(union);
    else if (other.schema !== union.schema) throw twoOfOneId(union);
  }

  all(): readonly EventUnion[] {
    const unions = [...this.own];
    for (const union of declaredUnions()) {
      if (!unions.some(({ schema }) => schema === union.schema)) unions.push(union);
    }
    return unions;
  }

  choose(
    unions: readonly EventUnion[],
    type: string,
    data: unknown,
  ): EventDefinition | Promise<EventDefinition> {
    const definitions = unions.map((union) => this.member(union, type));
    if (definitions.length === 1) return definitions[0] as EventDefinition;
    const answers = definitions.map(({ checker }) => checker.check(data));
    const pick = (checked: readonly CheckedEvent[]): EventDefinition =>
      definitions[closest(checked)] as EventDefinition;
    return answers.some((answer) => answer instanceof Promise)
      ? Promise.all(answers.map((answer) => Promise.resolve(answer))).then(pick)
      : pick(answers as readonly CheckedEvent[]);
  }

  definitionOf(name: string): EventDefinition | null {
    const [union] = this.all();
    return union === undefined ? null : this.member(union, name);
  }

  private member(union: EventUnion, type: string): EventDefinition {
    let members = this.members.get(union.schema);
    if (members === undefined) {
      members = {
        checker: limitedChecker(memberChecker(schemaEventChecker(union.schema)), this.limits),
        definitions: new Map(),
      };
      this.members.set(union.schema, members);
    }
    let definition = members.definitions.get(type);
    if (definition === undefined) {
      if (members.definitions.size >= MAX_NAMES) members.definitions.clear();
      definition = Object.freeze({ name: type, families: [familyRoute(union.id)], checker: members.checker });
      members.definitions.set(type, definition);
    }
    return definition;
  }
}

/** A schema that gives a member another type would have it stored under a name that it does not have. */
function memberChecker(checker: EventChecker): EventChecker {
  const sameType = (data: unknown, checked: CheckedEvent): CheckedEvent =>
    !checked.ok || typeOf(checked.data) === typeOf(data)
      ? checked
      : { ok: false, violations: [{ path: 'type', message: 'is changed or removed by the schema' }] };
  return {
    ...checker,
    check(data) {
      const checked = checker.check(data);
      return checked instanceof Promise
        ? checked.then((late) => sameType(data, late))
        : sameType(data, checked);
    },
  };
}

function typeOf(data: unknown): unknown {
  return typeof data === 'object' && data !== null ? (data as { readonly type?: unknown }).type : undefined;
}

/** The first that is valid; else the first that knows the type; else the first. */
function closest(checked: readonly CheckedEvent[]): number {
  const valid = checked.findIndex(({ ok }) => ok);
  if (valid >= 0) return valid;
  const knows = checked.findIndex(
    (one) => !one.ok && one.violations.every(({ path }) => path !== 'type' && path !== ''),
  );
  return Math.max(knows, 0);
}

function twoOfOneId(union: EventUnion): DefinitionError {
  return new DefinitionError([
    {
      class: titleOf(union),
      member: null,
      found: 'another union of this app has the same id',
      write: "Give each union an id of its own: defineEvents(schema, { id: 'billing' })",
    },
  ]);
}
