/** Bounds on what comes from outside and what is kept. */
export interface Limits {
  /** Encoded bytes of one event; 262,144 by default. */
  readonly eventBytes: number;
  /** Nesting of an event's objects and arrays; 64 by default. */
  readonly depth: number;
  /** Keys of one object of an event; 1,000 by default. */
  readonly keys: number;
  /** Encoded bytes of one step's or handler's result; 1,048,576 by default. */
  readonly resultBytes: number;
  /** Encoded bytes of the state of one actor or recurring job; 1,048,576 by default. */
  readonly stateBytes: number;
  /** Checkpoints of one turn; 10,000 by default. */
  readonly checkpoints: number;
  /** Events that one batch of a `@Debounce` takes when it names no `maxEvents`, and at most; 10,000 by default. */
  readonly bufferedEvents: number;
}

export const defaultLimits: Limits = Object.freeze({
  eventBytes: 256 * 1024,
  depth: 64,
  keys: 1_000,
  resultBytes: 1024 * 1024,
  stateBytes: 1024 * 1024,
  checkpoints: 10_000,
  bufferedEvents: 10_000,
});
