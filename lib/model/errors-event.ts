import { HoldfastError } from './errors.js';
import { MAILBOX_CAPACITY } from './mailbox.js';
import type { Violation } from './violation.js';

/** An event that its schema or the limits refuse; nothing was stored. */
export class InvalidEventError extends HoldfastError {
  static readonly code = 'EVENT_INVALID';
  readonly code = InvalidEventError.code;
  override readonly name = 'InvalidEventError';

  constructor(
    readonly event: string,
    readonly violations: readonly Violation[],
  ) {
    super(
      `event '${event}' is invalid and was not stored:\n${violations
        .map((v) => `  - ${v.path === '' ? '(root)' : v.path}: ${v.message}`)
        .join('\n')}`,
    );
  }
}

/** Something published that is no event, or a name that this app does not know. */
export class UnknownEventError extends HoldfastError {
  static readonly code = 'EVENT_UNKNOWN';
  readonly code = UnknownEventError.code;
  override readonly name = 'UnknownEventError';

  constructor(
    readonly event: string,
    found: string,
    write = "Decorate the class with @Event('name'), or define the event with defineEvent('name', schema)",
  ) {
    super(`${found}. ${write}`);
  }
}

/** As many events as a mailbox holds wait for their waiters under one key; nothing was stored. */
export class MailboxFullError extends HoldfastError {
  static readonly code = 'MAILBOX_FULL';
  readonly code = MailboxFullError.code;
  override readonly name = 'MailboxFullError';
  /** Room comes as the oldest expire. */
  override readonly retryable = true;

  constructor(
    readonly event: string,
    readonly key: string,
  ) {
    super(
      `${MAILBOX_CAPACITY} events '${event}' of key '${key.slice(0, 200)}' are kept for those that wait for them, and no more are. Write a shorter keep on the event, or correlate it by a field with more values`,
    );
  }
}

/** The same explicit event id with another payload; nothing was stored. */
export class EventConflictError extends HoldfastError {
  static readonly code = 'EVENT_CONFLICT';
  readonly code = EventConflictError.code;
  override readonly name = 'EventConflictError';

  constructor(
    readonly eventId: string,
    /** The name of the event that was refused. */
    readonly event: string,
  ) {
    super(
      `event '${event}' has the id '${eventId}', which was published before with another payload, event or addressee. Publish a new fact under a new id`,
    );
  }
}
