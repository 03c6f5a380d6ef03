import { types as brands } from 'node:util';
import { HoldfastError } from '../../model/errors.js';
import { holdfastErrors } from './holdfast-errors.js';
import type { StorableTypes } from './storable-types.js';
import { builtInErrors } from './tagged.js';

/** As what an error is stored: `id` names the class within its kind; of kind `other` there is none. */
export interface ErrorClassRef {
  readonly kind: 'class' | 'holdfast' | 'builtin' | 'other';
  readonly id: string;
}

export function isError(value: object): value is Error {
  return brands.isNativeError(value) || value instanceof Error || value instanceof DOMException;
}

export function errorClassOf(error: Error, types: StorableTypes): ErrorClassRef {
  const prototype: unknown = Object.getPrototypeOf(error);
  if (typeof prototype !== 'object' || prototype === null) return { kind: 'other', id: '' };
  const ownClass: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  const className = typeof ownClass === 'function' ? ownClass.name : '';
  if (
    builtInErrors.get(className)?.prototype === prototype ||
    isForeignBuiltIn(error, prototype, className)
  ) {
    return { kind: 'builtin', id: className };
  }
  const registered = types.ofPrototype(prototype);
  if (registered !== null) return { kind: 'class', id: registered.name };
  if (error instanceof HoldfastError) {
    const leaf = holdfastErrors.get(error.code);
    if (leaf !== undefined && (leaf.prototype === prototype || leaf.name === className)) {
      return { kind: 'holdfast', id: leaf.code };
    }
  }
  return { kind: 'other', id: '' };
}

/** A built-in class of another realm: a `vm` context, as Jest's. Only built-in prototypes have a name of their own. */
function isForeignBuiltIn(error: Error, prototype: object, className: string): boolean {
  return (
    builtInErrors.has(className) &&
    brands.isNativeError(error) &&
    Object.getOwnPropertyDescriptor(prototype, 'name')?.value === className
  );
}

/** The error's name; its class's where it never set one and shows only that of a base class. */
export function nameOf(error: Error): string {
  const name = typeof error.name === 'string' ? error.name : 'Error';
  const className: unknown = error.constructor?.name;
  return typeof className === 'string' && className !== '' && isBaseName(name) ? className : name;
}

function isBaseName(name: string): boolean {
  if (builtInErrors.has(name)) return true;
  for (const leaf of holdfastErrors.values()) if (leaf.name === name) return true;
  return false;
}

/** The error's `code`, numbers as text; null when it has none. */
export function codeOf(error: Error): string | null {
  const code: unknown = (error as { readonly code?: unknown }).code;
  return typeof code === 'string' ? code : typeof code === 'number' ? String(code) : null;
}

/** False for errors marked final: `retryable: false` or `isNonRetryable: true`. */
export function isRetryable(error: Error): boolean {
  const marks = error as { readonly retryable?: unknown; readonly isNonRetryable?: unknown };
  return marks.retryable !== false && marks.isNonRetryable !== true;
}

/** Fields that errors keep elsewhere than among their own enumerable ones. */
const kept: ReadonlySet<string> = new Set(['message', 'stack', 'cause', 'errors']);

/** Names of own enumerable fields, without those that are stored by themselves. */
export function fieldNamesOf(error: Error): readonly string[] {
  return Object.keys(error).filter(
    (key) => !kept.has(key) || (key === 'errors' && !Array.isArray((error as { errors?: unknown }).errors)),
  );
}
