import { HoldfastError } from './errors.js';
import { subjectOf } from './violation.js';

/** A value that the codec cannot keep. */
export class UnstorableValueError extends HoldfastError {
  static readonly code = 'VALUE_UNSTORABLE';
  readonly code = UnstorableValueError.code;
  override readonly name = 'UnstorableValueError';

  constructor(
    readonly path: string,
    found: string,
    /** What to do instead, as a sentence without its full stop. */
    cure = 'Give plain data',
  ) {
    super(`${subjectOf(path)} is ${found}, which cannot be stored. ${cure}`);
  }
}

/** Stored text that the codec does not know, for example of a class that is not registered any more. */
export class UnreadableValueError extends HoldfastError {
  static readonly code = 'VALUE_UNREADABLE';
  readonly code = UnreadableValueError.code;
  override readonly name = 'UnreadableValueError';

  constructor(message: string) {
    super(message);
  }
}
