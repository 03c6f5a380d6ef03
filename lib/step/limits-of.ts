import type { StepDefinition } from '../model/definition.js';
import { NonRetryableError } from '../model/errors-step.js';
import { messageOf } from '../model/message-of.js';
import { bucketOf, gateOf } from '../model/policy-scope.js';
import type { StartLimits } from './start-within.js';

/** What has to allow a body of the step before it begins; an error when its limits' keys cannot be told. */
export function limitsOf(
  { worker, name, concurrency, rateLimit }: StepDefinition,
  args: readonly unknown[],
): StartLimits | null | Error {
  if (concurrency === null && rateLimit === null) return null;
  const owner = `${worker}.${name}`;
  try {
    return {
      gate: concurrency === null ? null : gateOf(owner, concurrency, args),
      rate: rateLimit === null ? null : bucketOf(owner, rateLimit, args),
    };
  } catch (error) {
    return new NonRetryableError(`the limits of step '${owner}' cannot be told: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
