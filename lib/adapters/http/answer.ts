import {
  EventConflictError,
  InvalidEventError,
  MailboxFullError,
  UnknownEventError,
} from '../../model/errors-event.js';
import { AppClosedError, NotStartedError } from '../../model/errors-app.js';
import { StoreUnavailableError } from '../../model/errors-store.js';
import { HoldfastError } from '../../model/errors.js';
import type { Violation } from '../../model/violation.js';
import { Refusal } from './refusal.js';

/** What a request is answered with: JSON, always. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface Kind {
  readonly status: number;
  readonly message: string;
  /** Seconds after which the same request may be taken; absent: never. */
  readonly retryAfter?: number;
}

/** Every refusal there is. No message holds anything that the request brought. */
const kinds: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ['NOT_FOUND', { status: 404, message: 'there is nothing here' }],
  ['METHOD_NOT_ALLOWED', { status: 405, message: 'send a POST request' }],
  ['UNAUTHORIZED', { status: 401, message: 'the request is not authorized' }],
  ['MEDIA_TYPE_UNSUPPORTED', { status: 415, message: 'send application/json in UTF-8, uncompressed' }],
  ['BODY_TOO_LARGE', { status: 413, message: 'the body is larger than what is taken' }],
  ['BODY_TIMEOUT', { status: 408, message: 'the body did not arrive in time', retryAfter: 1 }],
  ['BODY_INVALID', { status: 400, message: 'the body is not what this address takes' }],
  ['EVENT_INVALID', { status: 400, message: 'the event is invalid' }],
  ['EVENT_UNKNOWN', { status: 400, message: 'no event of that name is taken here' }],
  [
    'EVENT_CONFLICT',
    { status: 409, message: 'the id belongs to an event with other data: publish a new fact under a new id' },
  ],
  ['MAILBOX_FULL', { status: 429, message: 'too many events of that key are waiting', retryAfter: 60 }],
  ['TOO_MANY_REQUESTS', { status: 429, message: 'too many requests are under way', retryAfter: 1 }],
  ['RATE_LIMITED', { status: 429, message: 'you send too many requests', retryAfter: 1 }],
  ['NOT_STARTED', { status: 503, message: 'nothing runs here at the moment', retryAfter: 5 }],
  ['APP_CLOSED', { status: 503, message: 'nothing runs here any more', retryAfter: 5 }],
  ['STORE_UNAVAILABLE', { status: 503, message: 'the store does not answer', retryAfter: 5 }],
  ['UNAVAILABLE', { status: 503, message: 'the request could not be served', retryAfter: 5 }],
]);

const unavailable = kinds.get('UNAVAILABLE') as Kind;

/** An answer with that content. */
export function jsonAnswer(
  status: number,
  content: object,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return {
    status,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...headers,
    },
    body: JSON.stringify(content),
  };
}

/** The refusal that an error is told as; null: it is none that a request can cause, and its cause stays here. */
export function refusalOf(error: unknown): Refusal | null {
  if (error instanceof Refusal) return error;
  if (error instanceof InvalidEventError) return new Refusal('EVENT_INVALID', null, error.violations);
  if (error instanceof UnknownEventError) return new Refusal('EVENT_UNKNOWN');
  if (error instanceof EventConflictError) return new Refusal('EVENT_CONFLICT');
  if (error instanceof MailboxFullError) return new Refusal('MAILBOX_FULL');
  if (error instanceof NotStartedError) return new Refusal('NOT_STARTED');
  if (error instanceof AppClosedError) return new Refusal('APP_CLOSED');
  if (error instanceof StoreUnavailableError) return new Refusal('STORE_UNAVAILABLE');
  // What the codec cannot store came with the request.
  if (error instanceof HoldfastError && error.category === 'validation') return new Refusal('EVENT_INVALID');
  return null;
}

/** What a refusal looks like from outside: `{ error: true, code, message, violations?, isNonRetryable }`. */
export function refusalAnswer({ code, detail, violations, retryAfterMs }: Refusal): Answer {
  const kind = kinds.get(code) ?? unavailable;
  const retryAfter = retryAfterMs === null ? kind.retryAfter : Math.max(1, Math.ceil(retryAfterMs / 1_000));
  return jsonAnswer(
    kind.status,
    {
      error: true,
      code,
      message: detail ?? kind.message,
      ...(violations === null ? null : { violations: violations satisfies readonly Violation[] }),
      isNonRetryable: retryAfter === undefined,
    },
    {
      ...(retryAfter === undefined ? null : { 'retry-after': String(retryAfter) }),
      ...(kind.status === 405 ? { allow: 'POST' } : null),
    },
  );
}
