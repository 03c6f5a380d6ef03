import { HoldfastError } from '../../model/errors.js';
import type { Finding } from './finding.js';

/** A crash would repeat an effect, or lead elsewhere. The message is the report. */
export class CrashMatrixError extends HoldfastError {
  static readonly code = 'CRASH_UNSAFE';
  readonly code = CrashMatrixError.code;
  override readonly name = 'CrashMatrixError';

  constructor(
    report: string,
    readonly failures: readonly Finding[],
  ) {
    super(report);
  }
}
