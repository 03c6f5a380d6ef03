import type { Hint } from '../model/hint.js';

/** What is in one queue of a dispatcher: hints, never the work itself, of which the store has the counts. */
export interface HintQueue {
  readonly waiting: number;
  /** Being sent, or run. */
  readonly running: number;
  /** For later. */
  readonly delayed: number;
}

/**
 * Takes a hint. Of a dispatcher that paces, the promise resolves when the pass that the hint allowed has rested, or when
 * there was nothing to run; it rejects when the process cannot take it now: the hint may be delivered again, here or elsewhere.
 */
export type HintReceiver = (hint: Hint) => void | Promise<void>;

/**
 * Carries hints that an execution may be due. A hint is never the truth: lost, doubled, late or reordered, it costs
 * latency only, because every process also sweeps the store.
 */
export interface Dispatcher {
  /**
   * True when hints only ever reach this process. Then the publisher may start an execution in the same write that
   * creates it, and `options` of a publish are ignored.
   */
  readonly local: boolean;
  /**
   * True when a hint is a ticket for one pass: a process takes work only when a hint was delivered to it, so that the
   * limits of the broker hold. Its hints say when work of a later instant is due (`route.dueAt`), and are delivered then.
   * Absent: false, hints only wake.
   */
  readonly paces?: boolean;
  /** Whether an app has started it; absent: it does not say. Whoever did not start it leaves it alone then. */
  readonly isStarted?: boolean;
  /** Begins delivering hints to `receive`. One receiver at a time. `context`: of the app that starts it; absent: none. */
  start(receive: HintReceiver, context?: DispatchContext): Promise<void>;
  /** What the context answers is not what it was: workers came or went. */
  refresh?(): Promise<void>;
  /** Sends hints. A rejection is counted and forgotten: the sweep repairs it. `options` come from `publish`, untouched. */
  send(hints: readonly Hint[], options?: Readonly<Record<string, unknown>>): Promise<void>;
  /**
   * For a dispatcher of which hints come in at `app.mount()`: hands them to the receiver, without waiting for it. Left out, the
   * app looks by itself.
   */
  deliver?(hints: readonly Hint[]): Promise<void>;
  /** Counts of its queues, by name, for `app.stats()`; left out, it has none to tell. */
  queues?(): Promise<Readonly<Record<string, HintQueue>>>;
  /** Stops delivering; resolves when the receiver has been left. Idempotent; `start` may follow. */
  stop(): Promise<void>;
  /** Stops, and closes the connections that it made. Idempotent; `send` and `start` open them again. */
  close?(): Promise<void>;
}

/** What a dispatcher may ask of the app that starts it; read at each use. */
export interface DispatchContext {
  /** Ids of the definitions (`worker.method`) that this process runs; none: it only publishes. */
  readonly runs: () => readonly string[];
  /** Ids of all definitions that the process knows of: its own, and those that the store has subscriptions of. */
  readonly known: () => readonly string[];
  /**
   * The same, and those that only schedules start: every definition that a live process or an open execution has, asked of the store.
   * Rejects with `StoreUnavailableError`. Absent: ask `known`.
   */
  readonly stored?: () => Promise<readonly string[]>;
  /** Passes that may be under way at once in this process. */
  readonly concurrency: () => number;
  /** Tells of trouble that belongs to no call of the user's. */
  readonly fault: (task: string, error: unknown) => void;
}
