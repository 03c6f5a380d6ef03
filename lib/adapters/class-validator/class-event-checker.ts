import type { ValidationError, ValidatorOptions } from 'class-validator';
import { DefinitionError } from '../../model/errors-boot.js';
import { DriverMissingError } from '../../model/errors-store.js';
import { messageOf } from '../../model/message-of.js';
import type { CheckedEvent, EventChecker } from '../../ports/event-checker.js';
import { type AnyClass, type ClassLibraries, loadClassLibraries } from './class-libraries.js';
import { type ClassSchema, readClassSchema } from './class-schema.js';
import {
  classOf,
  copyPlain,
  hasOpaque,
  inheritedKey,
  type Opaque,
  putBack,
  toPlain,
  withDefaults,
} from './plain-event.js';
import { assertConstructible, kindOf, PlainClassChecker, refused } from './plain-class.js';
import { MAX_PATH, violationsOf } from './violations.js';

const options: ValidatorOptions = {
  whitelist: true,
  forbidNonWhitelisted: true,
  forbidUnknownValues: true,
  validationError: { target: false, value: false },
};

/** Makes checkers of event classes; throws `DefinitionError` for a class that cannot be one. */
export type ClassEvents = (type: AnyClass) => EventChecker;

/** Loads class-validator and class-transformer; throws `DriverMissingError` when they are not installed. */
export async function loadClassEvents(): Promise<ClassEvents> {
  const libraries = await loadClassLibraries();
  return (type) => new ClassEventChecker(type, libraries);
}

/**
 * The same for classes of state: one without validators, or without the libraries that could have decorated it, keeps its
 * fields as they are.
 */
export async function loadClassStates(): Promise<ClassEvents> {
  let libraries: ClassLibraries;
  try {
    libraries = await loadClassLibraries();
  } catch (error) {
    if (error instanceof DriverMissingError) return (type) => new PlainClassChecker(type);
    throw error;
  }
  return (type) =>
    readClassSchema(type, libraries).isEmpty
      ? new PlainClassChecker(type)
      : new ClassEventChecker(type, libraries);
}

/**
 * An event class with class-validator decorators. Properties without a decorator are refused, and nothing is converted
 * but by `@Type` and `@Transform`. The data is stored as it was published, with the defaults of the class; handlers get
 * an instance made of it, on the first run as on every resume.
 */
class ClassEventChecker implements EventChecker {
  readonly schemaHash: string;
  private readonly type: AnyClass;
  private readonly libraries: ClassLibraries;
  private readonly schema: ClassSchema;

  constructor(type: AnyClass, libraries: ClassLibraries) {
    this.type = type;
    this.libraries = libraries;
    this.schema = readClassSchema(type, libraries);
    this.schemaHash = this.schema.hash;
    if (this.schema.isEmpty) throw noValidators(type);
    assertConstructible(type);
  }

  check(data: unknown): CheckedEvent | Promise<CheckedEvent> {
    if (typeof data !== 'object' || data === null || Array.isArray(data)) {
      return refused('', `must be an object with the fields of ${this.type.name}, not ${kindOf(data)}`);
    }
    const other = data instanceof this.type ? null : classOf(data);
    if (other !== null) return refused('', instanceOfOther(other, this.type));
    let plain: unknown;
    let instance: object;
    try {
      plain = data instanceof this.type ? toPlain(data, this.isEventClass, this.libraries.storage) : data;
      const inherited = inheritedKey(plain);
      if (inherited !== null)
        return refused(inherited.slice(0, MAX_PATH), 'the key is not allowed: every object has it');
      instance = this.restore(plain);
      if (!this.schema.isAsync)
        return this.checked(data, plain, instance, this.validator.validateSync(instance, options));
    } catch (error) {
      return unreadable(this.type, error);
    }
    return this.checkLater(data, plain, instance);
  }

  restore(data: unknown): object {
    const opaque: Opaque[] = [];
    const isCopied = this.schema.hasDiscriminators || hasOpaque(data);
    const source = isCopied ? copyPlain(data, opaque) : data;
    const instance = this.libraries.transformer.plainToInstance(
      this.type as unknown as new () => object,
      source as object,
      { enableImplicitConversion: false },
    );
    putBack(instance, opaque);
    return instance;
  }

  private async checkLater(data: unknown, plain: unknown, instance: object): Promise<CheckedEvent> {
    try {
      return this.checked(data, plain, instance, await this.validator.validate(instance, options));
    } catch (error) {
      if (error instanceof RangeError) return unreadable(this.type, error);
      throw error;
    }
  }

  private checked(
    data: unknown,
    plain: unknown,
    instance: object,
    errors: readonly ValidationError[],
  ): CheckedEvent {
    const { storage } = this.libraries;
    const violations =
      errors.length === 0
        ? []
        : violationsOf(errors, {
            instance,
            plain: data instanceof this.type ? null : plain,
            nameOf: (parent, field) =>
              storage.findExposeMetadata(parent.constructor as AnyClass, field)?.options?.name ?? field,
          });
    if (violations.length > 0) return { ok: false, violations };
    return { ok: true, data: withDefaults(plain, instance, this.isEventClass, storage) };
  }

  private get validator(): ClassLibraries['validator'] {
    return this.libraries.validator;
  }

  /** Whether instances of a class are data of an event: the event's own class, and those with validators. */
  private readonly isEventClass = (type: AnyClass): boolean =>
    type === this.type ||
    this.validator.getMetadataStorage().getTargetValidationMetadatas(type, '', false, false).length > 0;
}

function instanceOfOther(other: AnyClass, type: AnyClass): string {
  return `is an instance of ${other.name}: give its fields as a plain object, such as { ...it }, or an instance of ${type.name}`;
}

function unreadable(type: AnyClass, error: unknown): CheckedEvent {
  if (error instanceof RangeError) return refused('', 'is nested too deeply for its class');
  return refused('', `cannot be read as ${type.name}: ${messageOf(error)}`);
}

function noValidators(type: AnyClass): DefinitionError {
  return new DefinitionError([
    {
      class: type.name,
      member: null,
      found: 'an event class without any class-validator decorator',
      write: 'Put a validator on each field, for example @IsString(), or @Allow() where anything goes',
    },
  ]);
}
