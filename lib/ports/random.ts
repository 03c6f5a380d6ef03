/** Chance, for jitter and back-off: never for secrets. */
export interface Random {
  /** In [0, 1). */
  next(): number;
}
