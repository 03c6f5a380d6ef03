/** Refusals of one kind are told this often at most. */
const GAP_MS = 60_000;

/** Counts refusals by kind, so that whoever causes them does not fill a log. */
export class RefusalCounts {
  private readonly kinds = new Map<string, { toldAt: number; untold: number }>();

  /** How many of that kind are to be told now, this one included; 0: they were told of lately. `now`: monotonic. */
  add(kind: string, now: number): number {
    const known = this.kinds.get(kind);
    if (known !== undefined && now - known.toldAt < GAP_MS) {
      known.untold++;
      return 0;
    }
    this.kinds.set(kind, { toldAt: now, untold: 0 });
    return (known?.untold ?? 0) + 1;
  }
}
