import { HoldfastError } from './errors.js';
import type { Violation } from './violation.js';

/** State that its class or schema, the limits or the codec refuse; nothing of it was stored. */
export class InvalidStateError extends HoldfastError {
  static readonly code = 'STATE_INVALID';
  readonly code = InvalidStateError.code;
  override readonly name = 'InvalidStateError';

  constructor(
    /** `kind:worker:id`. */
    readonly instanceId: string,
    readonly violations: readonly Violation[],
    /** `write`: as it was to be set. `read`: as it is stored; its schema has changed since. */
    readonly on: 'read' | 'write' = 'write',
  ) {
    super(
      `${on === 'write' ? 'the new state' : 'the stored state'} of '${instanceId.slice(0, 200)}' is invalid:\n${violations
        .map((v) => `  - ${v.path === '' ? '(root)' : v.path}: ${v.message}`)
        .join('\n')}`,
    );
  }
}

/** There is no such instance: nothing created it, or it was terminated. */
export class InstanceNotFoundError extends HoldfastError {
  static readonly code = 'INSTANCE_NOT_FOUND';
  readonly code = InstanceNotFoundError.code;
  override readonly name = 'InstanceNotFoundError';

  constructor(readonly instanceId: string) {
    super(
      `there is no instance '${instanceId.slice(0, 200)}': nothing has created it, or it was terminated. Ask status() first where it may be missing`,
    );
  }
}

/** An instant that nothing can be scheduled for, or nothing that could run then. */
export class SchedulerError extends HoldfastError {
  static readonly code = 'SCHEDULE_INVALID';
  readonly code = SchedulerError.code;
  override readonly name = 'SchedulerError';
}

/** State that many change at once was changed by somebody else each time that this call tried to. Nothing of it was stored. */
export class StateConflictError extends HoldfastError {
  static readonly code = 'STATE_CONFLICT';
  readonly code = StateConflictError.code;
  override readonly name = 'StateConflictError';
  override readonly retryable = true;

  constructor(
    /** `kind:name:id`. */
    readonly instanceId: string,
    tries: number,
  ) {
    super(
      `the state '${instanceId.slice(0, 200)}' was changed by somebody else ${tries} times while this update was computed: try again, or compute less in the function`,
    );
  }
}
