/** What `reflect-metadata` adds to `Reflect` once it is loaded; nothing here loads it. */
interface MetadataReflection {
  getMetadata?(key: unknown, target: object, member?: string): unknown;
  getOwnMetadata?(key: unknown, target: object): unknown;
  getOwnMetadataKeys?(target: object): unknown[];
  defineMetadata?(key: unknown, value: unknown, target: object): void;
}

export const reflection = Reflect as object as MetadataReflection;
