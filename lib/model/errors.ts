/** Every code has a section in `docs/errors.md`. */
export type ErrorCode =
  | 'DEFINITION_INVALID'
  | 'CONFIGURATION_INVALID'
  | 'EVENT_INVALID'
  | 'EVENT_UNKNOWN'
  | 'EVENT_CONFLICT'
  | 'NOT_STARTED'
  | 'APP_CLOSED'
  | 'NO_CURRENT_EXECUTION'
  | 'EXECUTION_NOT_FOUND'
  | 'EXECUTION_STATE'
  | 'NOT_SUBSCRIBED'
  | 'CANCELLED'
  | 'PARKED'
  | 'NON_DETERMINISM'
  | 'POISONED'
  | 'STEP_FAILED'
  | 'STEP_INTERRUPTED'
  | 'STEP_DETACHED'
  | 'STEP_ARGUMENTS_UNSTORABLE'
  | 'RESULT_UNSTORABLE'
  | 'VALUE_UNSTORABLE'
  | 'VALUE_UNREADABLE'
  | 'TOO_MANY_CHECKPOINTS'
  | 'CALL_DEPTH_EXCEEDED'
  | 'NO_ROUTE'
  | 'TOO_MANY_ITEMS'
  | 'COMPENSATION_FAILED'
  | 'DECLARED_STEP_CALLED'
  | 'TIMEOUT'
  | 'NON_RETRYABLE'
  | 'RETRY_AFTER'
  | 'WORKERS_FAILED'
  | 'STORE_UNAVAILABLE'
  | 'STORE_INCOMPATIBLE'
  | 'DRIVER_MISSING'
  | 'SETTLE_TIMEOUT';

const brand = Symbol.for('holdfast/error');

/**
 * The root of all errors of Holdfast. `code` is stable; `retryable` says whether trying the same again may help.
 * `instanceof` holds across copies of the package: leaves are told apart by their code.
 */
export abstract class HoldfastError extends Error {
  abstract readonly code: ErrorCode;
  readonly retryable: boolean = false;

  static {
    Object.defineProperty(HoldfastError.prototype, brand, { value: true });
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
}

interface ErrorClass {
  readonly prototype: object;
  readonly code?: ErrorCode;
}
