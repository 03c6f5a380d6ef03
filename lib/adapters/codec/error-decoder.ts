import { errorJson, type ErrorJson } from '../../model/error-json.js';
import { StepError } from '../../model/errors-step.js';
import { UnreadableValueError } from '../../model/errors-value.js';
import { holdfastErrors } from './holdfast-errors.js';
import type { StorableTypes } from './storable-types.js';
import { builtInErrors, define } from './tagged.js';

interface ErrorBody {
  readonly name: string | null;
  readonly message: string;
  readonly code: string | null;
  readonly retryable: boolean;
  readonly stack: string | null;
  readonly fields: Readonly<Record<string, unknown>>;
  /** Still encoded; absent: the error has none. */
  readonly cause?: unknown;
  readonly errors?: unknown;
}

/** Fields of a `StepError` that say something else on the error it stands for. */
const ownOfStepError: ReadonlySet<string> = new Set(['name', 'code', 'retryable', 'originalCode']);

/** Rebuilds an error: its prototype comes from a closed list or the registry, and no constructor of it runs. */
export function decodeError(
  args: readonly unknown[],
  types: StorableTypes,
  decode: (json: unknown) => unknown,
): Error {
  const [kind, id, json] = args;
  if (typeof kind !== 'string' || typeof id !== 'string') throw malformed();
  const body = parseBody(json);
  const prototype = prototypeOf(kind, id, types);
  const error = prototype === null ? stepError(body) : bareError(body, prototype);
  if ('cause' in body) define(error, 'cause', decode(body.cause), false);
  if ('errors' in body) define(error, 'errors', decode(body.errors), kind !== 'builtin');
  for (const key of Object.keys(body.fields)) {
    if (prototype === null && ownOfStepError.has(key)) continue;
    define(error, key, decode(body.fields[key]));
  }
  if (kind === 'holdfast') define(error, 'code', id);
  finish(error, body, prototype === null);
  // A native error has none, and would be `{}` in an answer or a log.
  if (!('toJSON' in error)) define(error, 'toJSON', toJSON, false);
  return error;
}

function toJSON(this: Error): ErrorJson {
  return errorJson(this);
}

function prototypeOf(kind: string, id: string, types: StorableTypes): object | null {
  switch (kind) {
    case 'class': {
      const type = types.named(id);
      return type !== null && type.prototype instanceof Error ? type.prototype : null;
    }
    case 'holdfast':
      return holdfastErrors.get(id)?.prototype ?? null;
    case 'builtin':
      return builtInErrors.get(id)?.prototype ?? null;
    case 'other':
      return null;
    default:
      throw malformed();
  }
}

function stepError(body: ErrorBody): StepError {
  return new StepError({
    name: body.name ?? 'Error',
    message: body.message,
    code: body.code,
    stack: body.stack,
    retryable: body.retryable,
  });
}

/** A native error, so that every tool knows it for one. */
function bareError(body: ErrorBody, prototype: object): Error {
  const error = body.message === '' ? new Error() : new Error(body.message);
  return Object.setPrototypeOf(error, prototype) as Error;
}

function finish(error: Error, body: ErrorBody, isStepError: boolean): void {
  if (!isStepError && body.name !== null && error.name !== body.name && !Object.hasOwn(error, 'name')) {
    if (builtInErrors.has(error.constructor.name)) define(error, 'name', body.name, false);
  }
  const head = error.message === '' ? error.name : `${error.name}: ${error.message}`;
  define(error, 'stack', body.stack ?? head, false);
}

function parseBody(json: unknown): ErrorBody {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw malformed();
  const raw = json as Readonly<Record<string, unknown>>;
  const own = (key: string): unknown => (Object.hasOwn(raw, key) ? raw[key] : undefined);
  const text = (key: string): string | null => {
    const value = own(key) ?? null;
    if (value !== null && typeof value !== 'string') throw malformed();
    return value;
  };
  const fields = own('fields');
  const retryable = own('retryable') ?? true;
  const message = text('message');
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) throw malformed();
  if (typeof retryable !== 'boolean' || message === null) throw malformed();
  if (Object.hasOwn(raw, 'errors') && !Array.isArray(raw['errors'])) throw malformed();
  return {
    name: text('name'),
    message,
    code: text('code'),
    retryable,
    stack: text('stack'),
    fields: fields as Readonly<Record<string, unknown>>,
    ...(Object.hasOwn(raw, 'cause') ? { cause: raw['cause'] } : {}),
    ...(Object.hasOwn(raw, 'errors') ? { errors: raw['errors'] } : {}),
  };
}

function malformed(): UnreadableValueError {
  return new UnreadableValueError("the stored text holds a malformed 'error'");
}
