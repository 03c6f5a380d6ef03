/** A body that runs, seen by the pass. */
export interface Body {
  /** Its neighbours among those that run: of the list that it is in. */
  previousBody: Body | null;
  nextBody: Body | null;
  /** Nothing it still does counts: it timed out, or what it belongs to did. */
  readonly isDead: boolean;
  /** How many steps it is nested in; 0 for the handler. */
  readonly level: number;
  /** Of its step, or of the handler. */
  readonly encodedName: string;
  /** Calls it made that have not settled: it is taken to wait for them. */
  readonly outstanding: number;
  /** A call that it made waits for an instant. */
  callWaits(): void;
  /** The wait is over. */
  callRuns(): void;
  abort(reason: unknown): void;
  /** Tells its signal; what it still gives counts. */
  askToStop(reason: unknown): void;
}
