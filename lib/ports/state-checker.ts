import type { StateSource } from '../model/state-source.js';
import type { CheckedEvent } from './event-checker.js';

/** State as one schema or class knows it: checked whenever it is written and whenever it is read. */
export interface StateChecker {
  /**
   * `data` of the answer is what is stored. Takes what it gave, and instances of its class. May be synchronous: the answer is
   * only awaited when it is a promise.
   */
  check(state: unknown): CheckedEvent | Promise<CheckedEvent>;
  /** What user code receives, made of checked data. */
  restore(data: unknown): unknown;
}

/** The checkers of one app. */
export interface StateCheckers {
  /** A promise while it has to be loaded. Throws or rejects with `DefinitionError` for a class that cannot be state. */
  of(source: StateSource): StateChecker | Promise<StateChecker>;
}
