/** One event of a batch, before it is text. */
export interface SentEvent {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly isFailure: boolean;
}
