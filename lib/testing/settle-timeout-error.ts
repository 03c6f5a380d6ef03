import { HoldfastError } from '../model/errors.js';

/** A body waits for something outside the virtual clock. */
export class SettleTimeoutError extends HoldfastError {
  static readonly code = 'SETTLE_TIMEOUT';
  readonly code = SettleTimeoutError.code;
  override readonly name = 'SettleTimeoutError';

  constructor(what: string) {
    super(`${what} did not end within 5 s of real time: replace what it waits for by a provider of the test`);
  }
}
