import { ConfigurationError, type ConfigurationMistake } from '../../model/errors-boot.js';
import type { StorableType } from '../../model/storable.js';

export interface NamedType {
  readonly name: string;
  readonly type: StorableType;
}

/** Classes of events: their instances are stored under the event's name. */
export interface EventTypes {
  /** The event's name of exactly this class; null: it is none. */
  nameOf(type: StorableType): string | null;
  /** The class as which instances of that event are read; null: none is known. */
  named(name: string): StorableType | null;
}

const noEvents: EventTypes = { nameOf: () => null, named: () => null };

/** The classes that one app may store: those of its `types` option, then those declared by decorator, then its events. */
export class StorableTypes {
  private readonly listed = new Map<string, StorableType>();
  private readonly byPrototype = new Map<object, NamedType>();
  private readonly declared: () => ReadonlyMap<string, StorableType>;
  private readonly events: EventTypes;

  /** Throws `ConfigurationError` for a value that is no class, a class without a name, or two classes of one name. */
  constructor(
    types: readonly StorableType[],
    declared: () => ReadonlyMap<string, StorableType>,
    events: EventTypes = noEvents,
  ) {
    this.declared = declared;
    this.events = events;
    const names = new Map([...declared()].map(([name, type]) => [type, name]));
    const mistakes: ConfigurationMistake[] = [];
    for (const type of types) {
      const mistake = this.add(type, names);
      if (mistake !== null) mistakes.push(mistake);
    }
    if (mistakes.length > 0) throw new ConfigurationError(mistakes);
  }

  /** The name and class of exactly this prototype, or null. A class decorated later is found too. */
  ofPrototype(prototype: object): NamedType | null {
    const known = this.byPrototype.get(prototype);
    if (known !== undefined) return known;
    for (const [name, type] of this.declared()) {
      if (!this.listed.has(name)) this.byPrototype.set(type.prototype, { name, type });
    }
    return this.byPrototype.get(prototype) ?? null;
  }

  named(name: string): StorableType | null {
    return this.listed.get(name) ?? this.declared().get(name) ?? null;
  }

  /**
   * The event whose instances have exactly this prototype; null when there is none, or when another class has taken its
   * name: what is stored must come back as what it was.
   */
  eventOfPrototype(prototype: object): NamedType | null {
    const type: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
    if (!isClass(type) || type.prototype !== prototype) return null;
    const name = this.events.nameOf(type);
    return name !== null && this.events.named(name) === type ? { name, type } : null;
  }

  event(name: string): StorableType | null {
    return this.events.named(name);
  }

  private add(type: StorableType, names: ReadonlyMap<StorableType, string>): ConfigurationMistake | null {
    if (!isClass(type)) {
      return {
        option: 'types',
        found: `a value of type ${typeof type} is no class`,
        write: 'List classes: types: [Money]',
      };
    }
    const name = names.get(type) ?? type.name;
    if (name === '') {
      return { option: 'types', found: 'a class without a name', write: "Give it one: @Storable('money')" };
    }
    const other = this.listed.get(name);
    if (other !== undefined && other !== type) {
      return {
        option: 'types',
        found: `two classes are named '${name}'`,
        write: "Give one of them another name: @Storable('other')",
      };
    }
    if ((typeof type.toStored === 'function') !== (typeof type.fromStored === 'function')) {
      return {
        option: 'types',
        found: `class ${type.name} has only one of the static methods toStored and fromStored`,
        write: 'Write both',
      };
    }
    this.listed.set(name, type);
    this.byPrototype.set(type.prototype, { name, type });
    return null;
  }
}

function isClass(value: unknown): value is StorableType {
  return typeof value === 'function' && typeof value.prototype === 'object' && value.prototype !== null;
}
