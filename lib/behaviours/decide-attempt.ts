import { decideRetry, type RetryDecision } from '../model/decide-retry.js';
import type { Pass } from '../step/pass.js';

/** What follows an attempt of the handler that failed with the error. */
export function decideAttempt(
  { handler, record, services, stepFailures }: Pass,
  error: unknown,
): RetryDecision {
  const { retry } = handler;
  // Repeating the handler would only meet the step's failure again.
  if (!retry.explicit && stepFailures.stepOf(error) !== null) return { kind: 'final', exhausted: false };
  return decideRetry({
    policy: retry,
    error,
    attempt: record.attempt,
    firstStartedAt: record.startedAt ?? record.createdAt,
    now: services.clock.now(),
    random: services.random.next(),
  });
}
