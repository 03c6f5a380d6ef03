import { type ErrorJson, errorJson } from '../../model/error-json.js';

/** What is sent of an error. */
export interface ErrorFacts {
  readonly name: string;
  readonly message: string;
  readonly code: string | null;
  readonly cause?: ErrorFacts;
  readonly errors?: readonly ErrorFacts[];
}

/** Fields of an error stay here: clients of APIs hang whole requests with their headers on them. */
export function errorFacts(error: unknown): ErrorFacts {
  return factsOf(errorJson(error));
}

function factsOf({ name, message, code, cause, errors }: ErrorJson): ErrorFacts {
  return {
    name,
    message,
    code,
    ...(cause === undefined ? null : { cause: factsOf(cause) }),
    ...(errors === undefined ? null : { errors: errors.map(factsOf) }),
  };
}

/** Whether more attempts might have helped, so that the end of attempts is what ended it. */
export function isRetryable(error: unknown): boolean {
  return errorJson(error).retryable;
}
