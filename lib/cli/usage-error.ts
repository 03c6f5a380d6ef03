/** The command cannot be carried out as it was written; the message says what to write instead. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
