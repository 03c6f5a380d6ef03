/** One thing wrong with a value: where, and what. */
export interface Violation {
  /** Dotted path from the root, for example `lines.2.price`; empty for the root. */
  readonly path: string;
  readonly message: string;
}
