/**
 * An error as data: what a journal keeps of it. `type` and `data` are set for registered classes (and the built-in
 * ones), so that it decodes to its class; any other error decodes to `StepError` with these fields.
 */
export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly code: string | null;
  /** Cut to 8 KiB. */
  readonly stack: string | null;
  /** False for errors marked final. */
  readonly retryable: boolean;
}
