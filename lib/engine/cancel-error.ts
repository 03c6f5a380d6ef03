import { type Cancel, SESSION_STOPPED } from '../model/cancel-reason.js';
import { SessionStoppedError } from '../model/errors-execution.js';
import type { ExecutionRecord } from '../model/execution.js';

/** What is recorded of an execution that was cancelled for a reason; null: it is cancelled, and that is all. */
export function cancelErrorOf(record: ExecutionRecord, { reason }: Cancel): SessionStoppedError | null {
  return reason === SESSION_STOPPED ? new SessionStoppedError(record.id, record.session ?? '') : null;
}
