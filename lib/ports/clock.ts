/** Time. Everything that waits, waits through this port, so that tests can run on virtual time. */
export interface Clock {
  /** Wall time in epoch ms. May jump. */
  now(): number;
  /** Ms from an arbitrary start. Never jumps back; use it for intervals. */
  monotonic(): number;
  /** Calls `callback` once after `delayMs`, unless cancelled. Whoever sets one cancels it when it stops. */
  setTimer(delayMs: number, callback: () => void): Timer;
  /** Calls `callback` in a later turn of the event loop, after the microtasks of this one. */
  soon(callback: () => void): void;
}

/** What `setTimer` gives. */
export interface Timer {
  /** Idempotent. */
  cancel(): void;
}
