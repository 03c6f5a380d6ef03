import { messageOf } from './message-of.js';

/** What went well, with its value. */
export interface Success<Value> {
  readonly success: true;
  readonly value: Value;
}

/** What did not go well, with its error. */
export interface Failure<Failed> {
  readonly success: false;
  readonly error: Failed;
}

/**
 * Either of two, told apart by `success`. A step or handler that returns one has returned a value: it is stored, and nothing
 * is retried; throw what another attempt may mend. The `outcome()` of an execution is one too.
 */
export type Result<Value, Failed = Error> = Success<Value> | Failure<Failed>;

/**
 * @example
 * return Success(receipt);
 */
export function Success(): Success<undefined>;
export function Success<Value>(value: Value): Success<Value>;
export function Success(value?: unknown): Success<unknown> {
  return { success: true, value };
}

/**
 * An expected answer that is not the hoped-for one. Its error keeps its class when that is built in, of Holdfast, or
 * registered.
 *
 * @example
 * return Failure(new CardDeclined('insufficient funds'));
 */
export function Failure<Failed>(error: Failed): Failure<Failed> {
  return { success: false, error };
}

/** Narrows to the one with `value`. */
export function isSuccess<Given extends Result<unknown, unknown>>(
  result: Given,
): result is Extract<Given, { readonly success: true }> {
  return result.success;
}

/** Narrows to the one with `error`. */
export function isFailure<Given extends Result<unknown, unknown>>(
  result: Given,
): result is Extract<Given, { readonly success: false }> {
  return !result.success;
}

/**
 * Calls the one of two functions that fits, and answers what it returns.
 *
 * @example
 * matchResult(await this.charge(order), { success: (receipt) => receipt.id, failure: (error) => error.message });
 */
export function matchResult<Answer, Value = never, Failed = never>(
  result: Result<Value, Failed>,
  patterns: {
    readonly success: (value: Value) => Answer;
    readonly failure: (error: Failed) => Answer;
  },
): Answer {
  return result.success ? patterns.success(result.value) : patterns.failure(result.error);
}

/** Goes on with the value of a success; a failure stays what it is. */
export function chainResult<Next, NextFailed, Value = never, Failed = never>(
  result: Result<Value, Failed>,
  next: (value: Value) => Result<Next, NextFailed>,
): Result<Next, Failed | NextFailed> {
  return result.success ? next(result.value) : Failure(result.error);
}

/** Another value for a success; a failure stays what it is. */
export function mapResult<Next, Value = never, Failed = never>(
  result: Result<Value, Failed>,
  map: (value: Value) => Next,
): Result<Next, Failed> {
  return result.success ? Success(map(result.value)) : Failure(result.error);
}

/** Another error for a failure; a success stays what it is. */
export function mapError<Next, Value = never, Failed = never>(
  result: Result<Value, Failed>,
  map: (error: Failed) => Next,
): Result<Value, Next> {
  return result.success ? Success(result.value) : Failure(map(result.error));
}

/** The value of a success. Throws the error of a failure, as it is. */
export function unwrapResult<Value = never>(result: Result<Value, unknown>): Value {
  if (result.success) return result.value;
  throw result.error;
}

/** The value of a success, else the other one. */
export function unwrapOr<Other, Value = never>(
  result: Result<Value, unknown>,
  otherwise: Other,
): Value | Other {
  return result.success ? result.value : otherwise;
}

/** The values in order when all are successes, else the first failure. */
export function combineResults<const Results extends readonly Result<unknown, unknown>[]>(
  results: Results,
): Result<{ -readonly [At in keyof Results]: ValueIn<Results[At]> }, ErrorIn<Results[number]>> {
  const values: unknown[] = [];
  for (const result of results) {
    if (!result.success) return Failure(result.error as ErrorIn<Results[number]>);
    values.push(result.value);
  }
  return Success(values as { -readonly [At in keyof Results]: ValueIn<Results[At]> });
}

type ValueIn<Given> = Given extends { readonly success: true; readonly value: infer Value } ? Value : never;
type ErrorIn<Given> = Given extends { readonly success: false; readonly error: infer Failed }
  ? Failed
  : never;

/**
 * What the function resolves to as a success, what it throws or rejects with as a failure. Around the body of a step: it
 * takes the retries of that step away.
 */
export async function safeAsync<Value>(body: () => PromiseLike<Value>): Promise<Result<Value>> {
  try {
    return Success(await body());
  } catch (error) {
    return Failure(asError(error));
  }
}

/** What the function returns as a success, what it throws as a failure. */
export function safeSync<Value>(body: () => Value): Result<Value> {
  try {
    return Success(body());
  } catch (error) {
    return Failure(asError(error));
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(messageOf(thrown), { cause: thrown });
}
