import { DriverMissingError } from '../../model/errors-store.js';

export type AnyClass = abstract new (...args: never[]) => object;

export type ClassValidator = typeof import('class-validator');
export type ClassTransformer = typeof import('class-transformer');

/** What `@Type`, `@Expose` and `@Transform` recorded; the part of class-transformer's storage that is read here. */
export interface TransformerStorage {
  findTypeMetadata(type: AnyClass, property: string): TypeMetadata | undefined;
  findExposeMetadata(
    type: AnyClass,
    property: string,
  ): { readonly options?: { readonly name?: string } } | undefined;
}

export interface TypeMetadata {
  readonly typeFunction?: () => unknown;
  readonly options?: {
    readonly discriminator?: {
      readonly subTypes?: readonly { readonly value: AnyClass; readonly name: string }[];
    };
  };
}

export interface ClassLibraries {
  readonly validator: ClassValidator;
  readonly transformer: ClassTransformer;
  readonly storage: TransformerStorage;
}

/** Both libraries; throws `DriverMissingError` when one is not installed. */
export async function loadClassLibraries(): Promise<ClassLibraries> {
  try {
    const [validator, transformer, storage] = await Promise.all([
      import('class-validator'),
      import('class-transformer'),
      // @ts-expect-error The package ships no types for this file, which holds what its decorators record.
      import('class-transformer/cjs/storage.js') as Promise<
        Record<'default' | 'defaultMetadataStorage', never>
      >,
    ]);
    return { validator, transformer, storage: storage.defaultMetadataStorage as TransformerStorage };
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw new DriverMissingError(
      'an event that is a class',
      'npm install class-validator class-transformer',
      error,
    );
  }
}

function isMissing(error: unknown): boolean {
  const code = (error as { readonly code?: unknown } | null)?.code;
  return code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
}
