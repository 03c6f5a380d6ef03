import type { ValidationError } from 'class-validator';
import type { Violation } from '../../model/violation.js';
import type { AnyClass } from './class-libraries.js';

const MAX_VIOLATIONS = 100;
export const MAX_PATH = 256;

/** What was validated. */
export interface Validated {
  readonly instance: unknown;
  /** The data that the instance was made of; null when the publisher made the instance. */
  readonly plain: unknown;
  /** The name that a field has in the data. */
  nameOf(parent: object, field: string): string;
}

/**
 * What class-validator refused, by path. A field without a validator that is undefined and that the data leaves out does
 * not count: class fields are there before anyone has written to them.
 */
export function violationsOf(errors: readonly ValidationError[], validated: Validated): readonly Violation[] {
  const violations: Violation[] = [];
  const visit = (error: ValidationError, above: string, parent: unknown, source: unknown): void => {
    if (error.constraints?.['unknownValue'] !== undefined) {
      violations.push({ path: shortened(above), message: notNested(parent) });
      return;
    }
    const path = above === '' ? error.property : `${above}.${error.property}`;
    const shown = shortened(path);
    const value = fieldOf(parent, error.property);
    const name = isObject(parent) ? validated.nameOf(parent, error.property) : error.property;
    for (const [constraint, message] of Object.entries(error.constraints ?? {})) {
      const isUnknown = constraint === 'whitelistValidation';
      if (isUnknown && value === undefined && !(isObject(source) && Object.hasOwn(source, name))) continue;
      violations.push({
        path: shown,
        message: cut(isUnknown ? noValidator(parent, error.property) : message),
      });
    }
    for (const child of error.children ?? []) visit(child, path, value, fieldOf(source, name));
  };
  for (const error of errors) visit(error, '', validated.instance, validated.plain);
  if (violations.length <= MAX_VIOLATIONS) return violations;
  const rest = violations.length - MAX_VIOLATIONS;
  return [...violations.slice(0, MAX_VIOLATIONS), { path: '', message: `has ${rest} more violations` }];
}

function noValidator(parent: unknown, field: string): string {
  const type = (isObject(parent) ? (parent.constructor as AnyClass | undefined)?.name : null) ?? '';
  return `should not be there: ${type}.${field} has no validator. Where it belongs there, write @IsOptional() @IsString(), or @Allow()`;
}

/** Of a value in a field with `@ValidateNested` that no class with validators tells how to read. */
function notNested(value: unknown): string {
  const name = (isObject(value) ? (value.constructor as AnyClass | undefined)?.name : null) ?? 'Object';
  return name === 'Object'
    ? 'has no class that it is checked by: write @Type(() => ItsClass) on the field, a class with validators'
    : `is an instance of ${name}, not of the class of the field: give its fields as a plain object, such as { ...it }`;
}

function shortened(path: string): string {
  return path.length > MAX_PATH ? `${path.slice(0, MAX_PATH)}…` : path;
}

function fieldOf(value: unknown, field: string): unknown {
  return isObject(value) && Object.hasOwn(value, field)
    ? (value as Readonly<Record<string, unknown>>)[field]
    : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function cut(message: string): string {
  return message.length > MAX_PATH * 2 ? `${message.slice(0, MAX_PATH * 2)}…` : message;
}
