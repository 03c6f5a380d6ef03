import type { AnyClass, ClassMetadata } from '../metadata/class-metadata.js';
import { optionsForm, writeOneOf } from '../model/near-names.js';

/** Where a decorator with options stands. */
export interface OptionsPlace {
  readonly decorator: string;
  readonly record: ClassMetadata;
  readonly type: AnyClass;
  /** The method; null: the class. */
  readonly member: string | null;
}

/** Notes options that the decorator does not know; true when they are an object that can be read. */
export function recordOptions(
  { decorator, record, type, member }: OptionsPlace,
  options: unknown,
  names: readonly string[],
  needed: readonly string[] = [],
): boolean {
  const refuse = (found: string, write: string): void => {
    record.mistakes.push({ class: type.name, member, found: `@${decorator} has ${found}`, write });
  };
  if (typeof options !== 'object' || options === null) {
    const found = typeof options === 'string' ? `'${options.slice(0, 60)}'` : String(options);
    refuse(`${found} as its options`, optionsForm(names, needed));
    return false;
  }
  for (const name of Object.keys(options))
    if (!names.includes(name)) refuse(`the unknown option ${name}`, writeOneOf(name, names));
  return true;
}
