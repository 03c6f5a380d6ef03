import type { Hint } from '../model/hint.js';

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
  /** Begins delivering hints to `receive`. One receiver at a time. */
  start(receive: (hint: Hint) => void | Promise<void>): Promise<void>;
  /** Sends hints. A rejection is counted and forgotten: the sweep repairs it. `options` come from `publish`, untouched. */
  send(hints: readonly Hint[], options?: Readonly<Record<string, unknown>>): Promise<void>;
  /**
   * For a dispatcher of which hints come in at `app.mount()`: hands them to the receiver, without waiting for it. Left out, the
   * app looks by itself.
   */
  deliver?(hints: readonly Hint[]): Promise<void>;
  /** Stops delivering; resolves when the receiver has been left. Idempotent; `start` may follow. */
  stop(): Promise<void>;
}
