import { createHash } from 'node:crypto';
import type { ValidationMetadata } from 'class-validator/types/metadata/ValidationMetadata.js';
import type { AnyClass, ClassLibraries, TypeMetadata } from './class-libraries.js';

/** What the decorators of a class, and of all classes below it, ask for. */
export interface ClassSchema {
  /** No validator stands on the class itself. */
  readonly isEmpty: boolean;
  /** Some validator may answer with a promise. */
  readonly isAsync: boolean;
  /** class-transformer deletes discriminators from the data that it reads. */
  readonly hasDiscriminators: boolean;
  readonly hash: string;
}

/** Reads the metadata of a class once, following `@Type` and inherited decorators. */
export function readClassSchema(root: AnyClass, libraries: ClassLibraries): ClassSchema {
  return new SchemaReader(libraries).read(root);
}

class SchemaReader {
  private readonly libraries: ClassLibraries;
  private readonly builtIn: ReadonlySet<string>;
  private readonly lines: string[] = [];
  private readonly seen = new Set<AnyClass>();
  private readonly open: AnyClass[] = [];
  private isAsync = false;
  private hasDiscriminators = false;

  constructor(libraries: ClassLibraries) {
    this.libraries = libraries;
    this.builtIn = new Set(Object.values(libraries.validator).filter((value) => typeof value === 'string'));
  }

  read(root: AnyClass): ClassSchema {
    this.open.push(root);
    const isEmpty = this.validatorsOf(root).length === 0;
    for (let type = this.open.pop(); type !== undefined; type = this.open.pop()) {
      if (this.seen.has(type)) continue;
      this.seen.add(type);
      for (const metadata of this.validatorsOf(type)) this.readValidator(type, metadata);
    }
    return {
      isEmpty,
      isAsync: this.isAsync,
      hasDiscriminators: this.hasDiscriminators,
      hash: createHash('sha256').update(this.lines.sort().join('\n')).digest('base64url').slice(0, 16),
    };
  }

  private validatorsOf(type: AnyClass): ValidationMetadata[] {
    const storage = this.libraries.validator.getMetadataStorage();
    return storage.getTargetValidationMetadatas(type, '', false, false);
  }

  private readValidator(type: AnyClass, metadata: ValidationMetadata): void {
    const { propertyName } = metadata;
    const typed = this.libraries.storage.findTypeMetadata(type, propertyName);
    const below = typed === undefined ? [] : classesOf(typed);
    this.open.push(...below);
    if (typed?.options?.discriminator !== undefined) this.hasDiscriminators = true;
    if (metadata.type === 'nestedValidation' && below.length === 0) this.isAsync = true;
    if (metadata.type === 'customValidation') this.readConstraint(metadata);
    this.lines.push(line(type, metadata, below));
  }

  /** A validator of the user's own may answer with a promise without saying so: only the library's own are known. */
  private readConstraint(metadata: ValidationMetadata): void {
    const storage = this.libraries.validator.getMetadataStorage();
    for (const constraint of storage.getTargetValidatorConstraints(metadata.constraintCls)) {
      if (constraint.async || !this.builtIn.has(constraint.name)) this.isAsync = true;
    }
  }
}

function classesOf(typed: TypeMetadata): AnyClass[] {
  const classes: unknown[] = typed.options?.discriminator?.subTypes?.map((sub) => sub.value) ?? [];
  try {
    classes.push(typed.typeFunction?.());
  } catch {
    // A type that depends on the data cannot be followed ahead of it.
    return [];
  }
  return classes.filter((type): type is AnyClass => typeof type === 'function');
}

function line(type: AnyClass, metadata: ValidationMetadata, below: readonly AnyClass[]): string {
  const { propertyName, name, each, always, groups, constraints, validateIf } = metadata;
  return JSON.stringify(
    [
      type.name,
      propertyName,
      metadata.type,
      name ?? metadata.constraintCls?.name,
      each,
      always,
      groups,
      constraints,
      validateIf,
      below,
    ],
    (_, value: unknown) => {
      if (typeof value === 'function') return `function ${value.name}`;
      return value instanceof RegExp || typeof value === 'bigint' ? String(value) : value;
    },
  );
}
