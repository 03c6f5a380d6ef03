import { decideRetry, type RetryDecision } from '../model/decide-retry.js';
import { encodeName } from '../model/path.js';
import type { Pass } from '../step/pass.js';

/** What follows an attempt of the handler that failed with the error. */
export function decideAttempt(pass: Pass, error: unknown): RetryDecision {
  const { record, services, stepFailures } = pass;
  const { retry } = pass.handler;
  // Repeating the handler would only meet the step's failure again.
  if (!retry.explicit && stepFailures.stepOf(error) !== null) return { kind: 'final', exhausted: false };
  return decideRetry({
    policy: retry,
    error,
    attempt: record.attempt,
    firstStartedAt: firstStartedAt(pass),
    now: services.clock.now(),
    random: services.random.next(),
  });
}

/** When the first attempt of this turn began; of a later turn that is not known before one has failed. */
function firstStartedAt({ record, replay, handler, services }: Pass): number {
  if (record.turn === 0) return record.startedAt ?? record.createdAt;
  return replay?.attempts(encodeName(handler.method), '')[0]?.endedAt ?? services.clock.now();
}
