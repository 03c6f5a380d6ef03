import { errorJson, type ErrorJson } from './error-json.js';
import { errorKindOf, type ErrorCategory, type ErrorCode, type ErrorSeverity } from './error-kinds.js';

const brand = Symbol.for('holdfast/error');

/**
 * The root of all errors of Holdfast. `code` is stable; `retryable` says whether trying the same again may help.
 * `instanceof` holds across copies of the package: leaves are told apart by their code.
 */
export abstract class HoldfastError extends Error {
  /** One of `ErrorCode`, or the code that a class of your own gives itself. */
  abstract readonly code: ErrorCode | OwnCode;
  /** What it is about. Follows from the code, unless a class of your own says otherwise. */
  declare readonly category: ErrorCategory;
  /** Who has to look. Follows from the code, unless a class of your own says otherwise. */
  declare readonly severity: ErrorSeverity;
  readonly retryable: boolean = false;

  static {
    Object.defineProperty(HoldfastError.prototype, brand, { value: true });
    byCode(HoldfastError.prototype, 'category');
    byCode(HoldfastError.prototype, 'severity');
  }

  static override [Symbol.hasInstance](this: ErrorClass, value: unknown): boolean {
    if (typeof value !== 'object' || value === null) return false;
    if (Object.prototype.isPrototypeOf.call(this.prototype, value)) return true;
    if (!(brand in value)) return false;
    return (
      this === HoldfastError ||
      (Object.hasOwn(this, 'code') && (value as { readonly code?: unknown }).code === this.code)
    );
  }

  /** The error as data, for logs and answers: without its stack, with its cause. Never throws. */
  toJSON(): ErrorJson {
    return errorJson(this);
  }
}

/** A code that is none of Holdfast's. */
export type OwnCode = string & Record<never, never>;

interface ErrorClass {
  readonly prototype: object;
  readonly code?: ErrorCode;
}

/** Nothing of it is stored: it is known again by the code. A subclass may set it as a field, however it was compiled. */
function byCode(prototype: object, key: 'category' | 'severity'): void {
  Object.defineProperty(prototype, key, {
    configurable: true,
    get(this: HoldfastError) {
      return errorKindOf(this.code)[key];
    },
    set(this: HoldfastError, value: unknown) {
      Object.defineProperty(this, key, { value, enumerable: true, configurable: true });
    },
  });
}
