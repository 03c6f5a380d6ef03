import type { ErrorCode } from '../../model/error-kinds.js';
import type { Violation } from '../../model/violation.js';

/** Codes of answers beside those of errors. */
export type HttpCode =
  | 'NOT_FOUND'
  | 'METHOD_NOT_ALLOWED'
  | 'UNAUTHORIZED'
  | 'MEDIA_TYPE_UNSUPPORTED'
  | 'BODY_TOO_LARGE'
  | 'BODY_TIMEOUT'
  | 'BODY_INVALID'
  | 'TOO_MANY_REQUESTS'
  | 'RATE_LIMITED'
  | 'EXECUTION_FAILED'
  | 'UNAVAILABLE';

/** What a request is refused with, before or instead of an error of the app. Never leaves this folder as an error. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    readonly code: HttpCode | ErrorCode,
    /** Beside the code's usual message; holds nothing that the request brought. */
    readonly detail: string | null = null,
    readonly violations: readonly Violation[] | null = null,
    /** Instead of the code's usual time. */
    readonly retryAfterMs: number | null = null,
  ) {
    super(code);
  }
}
