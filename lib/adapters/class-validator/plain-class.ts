import { DefinitionError } from '../../model/errors-boot.js';
import { messageOf } from '../../model/message-of.js';
import type { CheckedEvent, EventChecker } from '../../ports/event-checker.js';
import type { AnyClass } from './class-libraries.js';

/** A class without validators: its fields are what they are. Stored as plain data, given back as an instance. */
export class PlainClassChecker implements EventChecker {
  readonly schemaHash = null;

  /** Names that the class computes: nobody sets them. */
  private readonly computed = new Set<string>();

  constructor(private readonly type: AnyClass) {
    assertConstructible(type);
    for (let owner: object | null = type.prototype; owner !== null; owner = Object.getPrototypeOf(owner))
      for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(owner)))
        if (property.get !== undefined && property.set === undefined) this.computed.add(name);
  }

  check(data: unknown): CheckedEvent {
    if (typeof data === 'object' && data !== null && !Array.isArray(data))
      return {
        ok: true,
        data: Object.fromEntries(Object.entries(data).filter(([name]) => !this.computed.has(name))),
      };
    return refused('', `must be an object with the fields of ${this.type.name}, not ${kindOf(data)}`);
  }

  restore(data: unknown): object {
    return Object.assign(Reflect.construct(this.type, []) as object, data);
  }
}

export function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  return value === null || value === undefined ? String(value) : `a ${typeof value}`;
}

export function refused(path: string, message: string): CheckedEvent {
  return { ok: false, violations: [{ path, message }] };
}

/** Instances are made without arguments, and filled. */
export function assertConstructible(type: AnyClass): void {
  try {
    Reflect.construct(type, []);
  } catch (cause) {
    throw new DefinitionError([
      {
        class: type.name,
        member: 'constructor',
        found: `it throws without arguments (${messageOf(cause)})`,
        write: 'Let it work without arguments: stored data is rebuilt from its fields',
      },
    ]);
  }
}
