const DAY_MS = 86_400_000;
const BLOCK_MS = 365 * DAY_MS;

/** From that instant on the offset holds. */
interface Row {
  readonly from: number;
  readonly offset: number;
}

/** The clock on the wall of a time zone. Local times are ms as if they were UTC. */
export class ZoneClock {
  private readonly format: Intl.DateTimeFormat;
  /** What was read so far, by blocks of 365 days; the first row of each begins with it. */
  private readonly blocks = new Map<number, readonly Row[]>();

  private constructor(zone: string) {
    this.format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  }

  /** `zone`: a name of the IANA database. */
  static of(zone: string): ZoneClock {
    const clock = clocks.get(zone) ?? new ZoneClock(zone);
    clocks.set(zone, clock);
    return clock;
  }

  /** Local time less UTC, in ms. */
  offsetAt(at: number): number {
    let offset = 0;
    for (const row of this.block(Math.floor(at / BLOCK_MS))) if (row.from <= at) offset = row.offset;
    return offset;
  }

  /** The first instant after that one, and no later than `until`, from which another offset holds; null: there is none. */
  changeAfter(after: number, until: number): number | null {
    const offset = this.offsetAt(after);
    const last = Math.floor(until / BLOCK_MS);
    for (let block = Math.floor(after / BLOCK_MS); block <= last; block++)
      for (const row of this.block(block))
        if (row.from > after && row.offset !== offset) return row.from <= until ? row.from : null;
    return null;
  }

  private block(number: number): readonly Row[] {
    const known = this.blocks.get(number);
    if (known !== undefined) return known;
    const end = (number + 1) * BLOCK_MS;
    let at = number * BLOCK_MS;
    let offset = this.read(at);
    const rows = [{ from: at, offset }];
    // No zone changes its clock twice within a day.
    for (let next = at + DAY_MS; next <= end; next += DAY_MS) {
      const found = this.read(next);
      if (found !== offset) rows.push({ from: this.firstOther(at, next, offset), offset: found });
      offset = found;
      at = next;
    }
    const own = rows.filter(({ from }) => from < end);
    this.blocks.set(number, own);
    return own;
  }

  /** The offset holds at `low`, another at `high`: from when on. */
  private firstOther(low: number, high: number, offset: number): number {
    let [same, other] = [low, high];
    while (other - same > 1) {
      const middle = Math.floor((same + other) / 2);
      if (this.read(middle) === offset) same = middle;
      else other = middle;
    }
    return other;
  }

  private read(at: number): number {
    const [month = 0, day = 0, year = 0, hour = 0, minute = 0, second = 0] = (
      this.format.format(at).match(/\d+/g) ?? []
    ).map(Number);
    return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / 1_000) * 1_000;
  }
}

/** Zones are few, and what was read of one serves every schedule. */
const clocks = new Map<string, ZoneClock>();
