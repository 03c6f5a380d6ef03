import { HoldfastError } from './errors.js';

/** Hints that another process could not be told: the sweep finds their work, later. */
export class HintsUndeliveredError extends HoldfastError {
  static readonly code = 'HINTS_UNDELIVERED';
  readonly code = HintsUndeliveredError.code;
  override readonly name = 'HintsUndeliveredError';
  override readonly retryable = true;

  constructor(
    /** Where they should have gone. */
    readonly url: string,
    why: string,
    cause?: unknown,
  ) {
    super(`hints did not reach ${url}: ${why}. Their executions wait for the next sweep`, { cause });
  }
}
