import { HoldfastError } from './errors.js';

/** The store did not answer; whether the write was applied is unknown, and repeating it is safe. */
export class StoreUnavailableError extends HoldfastError {
  static readonly code = 'STORE_UNAVAILABLE';
  readonly code = StoreUnavailableError.code;
  override readonly name = 'StoreUnavailableError';
  override readonly retryable = true;

  constructor(message: string, cause?: unknown) {
    super(message, { cause });
  }
}

/** The store was written by a newer version, or cannot keep what Holdfast promises. */
export class StoreIncompatibleError extends HoldfastError {
  static readonly code = 'STORE_INCOMPATIBLE';
  readonly code = StoreIncompatibleError.code;
  override readonly name = 'StoreIncompatibleError';

  constructor(message: string) {
    super(message);
  }
}

/** The store lost writes that it had acknowledged: after a failover, or because an older state was restored. */
export class StoreRegressionError extends HoldfastError {
  static readonly code = 'STORE_REGRESSION';
  readonly code = StoreRegressionError.code;
  override readonly name = 'StoreRegressionError';

  constructor(message: string) {
    super(message);
  }
}

/** An optional package is not installed. */
export class DriverMissingError extends HoldfastError {
  static readonly code = 'DRIVER_MISSING';
  readonly code = DriverMissingError.code;
  override readonly name = 'DriverMissingError';

  constructor(what: string, command: string, cause?: unknown) {
    super(`${what} needs a package that is not installed: run \`${command}\``, { cause });
  }
}
