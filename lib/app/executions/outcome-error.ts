import type { Checkpoint } from '../../model/checkpoint.js';
import { StepError } from '../../model/errors-step.js';
import { messageOf } from '../../model/message-of.js';
import type { Codec } from '../../ports/codec.js';
import { failedStepOf } from '../../step/failed-step.js';
import { latestRows } from '../../step/latest-rows.js';
import { completedNames } from './step-views.js';

/**
 * What an execution failed with, as `outcome()` tells it. What was thrown and is no error is the `cause` of a `StepError`.
 *
 * @example
 * const outcome = await execution.outcome();
 * if (!outcome.success) console.error(outcome.error.failedStep, outcome.error.message);
 */
export interface OutcomeError extends Error {
  /** Names of the step that it came out of: `fulfil/charge`. Null: of none. */
  readonly failedStep: string | null;
  /** Names of the steps that completed and were not undone, in order; those of compensations are left out. */
  readonly completedSteps: readonly string[];
  /** What `JSON.stringify` writes: an `ErrorJson`, without the stack, unless its class has a `toJSON` of its own. */
  toJSON(): unknown;
}

/** The error of a failed execution, with what operators ask next. */
export function outcomeErrorOf(thrown: unknown, journal: readonly Checkpoint[], codec: Codec): OutcomeError {
  const told = {
    failedStep: failedStepOf(thrown, latestRows(journal), codec),
    completedSteps: completedNames(journal),
  };
  return thrown instanceof Error && tell(thrown, told) ? (thrown as OutcomeError) : wrapped(thrown, told);
}

/** False for an error that takes nothing more. */
function tell(error: Error, told: object): boolean {
  return Object.entries(told).every(([key, value]) =>
    Reflect.defineProperty(error, key, { value, enumerable: true, configurable: true }),
  );
}

function wrapped(cause: unknown, told: object): OutcomeError {
  const error = new StepError({
    name: 'StepError',
    message: messageIn(cause),
    code: null,
    stack: null,
    retryable: true,
  });
  Object.defineProperty(error, 'cause', { value: cause, configurable: true, writable: true });
  tell(error, told);
  return error as unknown as OutcomeError;
}

function messageIn(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null) return messageOf(thrown);
  const { message } = thrown as { readonly message?: unknown };
  return typeof message === 'string' ? message : 'an object that is no error was thrown';
}
