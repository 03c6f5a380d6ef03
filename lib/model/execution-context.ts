/**
 * What `execution()` returns and every handler receives as its second argument. Below a step that was called outside any
 * execution, as a unit test does, its id is `'detached'`, `log`, `emit` and `progress` do nothing, and `idempotencyKey`,
 * `random()` and `uuid()` are new at each call: nothing is stored that could repeat them.
 */
export interface ExecutionContext {
  /** The execution's id, equal on every resume. */
  readonly id: string;
  /** The worker's id, for example `order-worker`. */
  readonly worker: string;
  /** The handler's method name. */
  readonly handler: string;
  /** The name of the event that started it. */
  readonly event: string;
  /** The session it was published in; null: none. */
  readonly session: string | null;
  /** When it was first claimed, epoch ms. */
  readonly startedAt: number;
  /** 1-based attempt of the step that runs; between steps, of the handler. */
  readonly attempt: number;
  /** Whether `attempt` is above 1. */
  readonly isRetry: boolean;
  /** Names of the step that runs and of those around it, `fulfil/charge/authorize`; null between steps. */
  readonly step: string | null;
  /** How many executions started each other above this one; 0 for one that was published from outside. */
  readonly depth: number;
  /** Equal on every attempt of this call of this step, and of no other: hand it to payment and mail providers. */
  readonly idempotencyKey: string;
  /**
   * Aborted when nothing of the step is wanted any more. Its `reason` says why: `TimeoutError`, `CancelledError`, or an `Error`
   * with the message `shutdown` or `the lease was lost`; in a branch of `race` that has lost, one that names the winner.
   */
  readonly signal: AbortSignal;
  /** Writes to the app's logger with the execution's fields; silent while replaying. */
  readonly log: ExecutionLog;
  /** Tells `app.on('custom.<name>')` and the observers; nothing is sent while replaying. */
  emit(name: string, data?: unknown): void;
  /** How far it is, 0 to 100; `custom.progress`. */
  progress(percent: number): void;
  /** Epoch ms, equal on resume. */
  now(): number;
  /** In [0, 1), equal on resume. */
  random(): number;
  /** A random UUID, equal on resume. */
  uuid(): string;
}

/** A logger that adds the execution, worker, handler and step to the details of each message. */
export interface ExecutionLog {
  debug(message: string, details?: Readonly<Record<string, unknown>>): void;
  info(message: string, details?: Readonly<Record<string, unknown>>): void;
  warn(message: string, details?: Readonly<Record<string, unknown>>): void;
  error(message: string, details?: Readonly<Record<string, unknown>>): void;
}
