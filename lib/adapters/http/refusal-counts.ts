/** Refusals of one surface for one reason are told this often at most. */
const GAP_MS = 60_000;

/** Counts refusals by surface and reason, so that whoever causes them does not fill a log. */
export class RefusalCounts {
  private readonly told = new Map<string, { toldAt: number; untold: number }>();

  /** How many of them are to be told now, this one included; 0: they were told of lately. `now`: monotonic. */
  add(what: string, now: number): number {
    const known = this.told.get(what);
    if (known !== undefined && now - known.toldAt < GAP_MS) {
      known.untold++;
      return 0;
    }
    this.told.set(what, { toldAt: now, untold: 0 });
    return (known?.untold ?? 0) + 1;
  }
}
