import fc from 'fast-check';
import { cronTimes } from '../../../lib/compiler/cron-times.js';

const HOUR = 3_600_000;
const MINUTE = 60_000;
const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'America/Santiago',
  'Africa/Casablanca',
  'Asia/Kathmandu',
  'Pacific/Apia',
];

/** The instants of so many, after that one. */
function times(cron: string, zone: string, after: string, count: number): string[] {
  const next = cronTimes(cron, zone);
  const found: string[] = [];
  for (let at: number | null = Date.parse(after); found.length < count; ) {
    at = next(at);
    if (at === null) break;
    found.push(new Date(at).toISOString().slice(0, 16));
  }
  return found;
}

/** Local wall clocks, by an arithmetic of their own: the offset is read from what `Intl` prints. */
class Wall {
  private readonly format: Intl.DateTimeFormat;
  constructor(zone: string) {
    const two = '2-digit' as const;
    const parts = { year: 'numeric', month: two, day: two, hour: two, minute: two, second: two } as const;
    this.format = new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', ...parts });
  }

  /** Local time as if it were UTC. */
  of(at: number): number {
    const p: Record<string, number> = {};
    for (const { type, value } of this.format.formatToParts(at)) p[type] = Number(value);
    return Date.UTC(
      p['year'] ?? 0,
      (p['month'] ?? 1) - 1,
      p['day'] ?? 1,
      p['hour'] ?? 0,
      p['minute'] ?? 0,
      p['second'] ?? 0,
    );
  }

  /** The instants between which the offset changes, to the minute. */
  changes(from: number, until: number): number[] {
    const found: number[] = [];
    for (let at = from; at < until; at += 12 * HOUR) {
      if (this.offset(at) === this.offset(at + 12 * HOUR)) continue;
      let low = at;
      let high = at + 12 * HOUR;
      while (high - low > MINUTE) {
        const middle = low + Math.floor((high - low) / 2 / MINUTE) * MINUTE;
        if (this.offset(middle) === this.offset(at)) low = middle;
        else high = middle;
      }
      found.push(high);
    }
    return found;
  }

  offset(at: number): number {
    return this.of(at) - at;
  }
}

/** Every minute of a time span, with its local time. */
function minutes(wall: Wall, from: number, until: number): { at: number; local: number }[] {
  const all: { at: number; local: number }[] = [];
  for (let at = from; at <= until; at += MINUTE) all.push({ at, local: wall.of(at) });
  return all;
}

describe('where clocks change', () => {
  it('a time of day in the gap comes at the first instant after it', () => {
    expect(times('30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00Z', 2)).toEqual([
      '2026-03-29T01:00',
      '2026-03-30T00:30',
    ]);
    expect(times('15 2 * * *', 'Australia/Lord_Howe', '2026-10-03T00:00Z', 1)).toEqual(['2026-10-03T15:30']);
    expect(times('0 0 * * *', 'America/Santiago', '2026-09-05T12:00Z', 1)).toEqual(['2026-09-06T04:00']);
  });

  it('a time of day that comes twice comes at the first', () => {
    expect(times('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00Z', 2)).toEqual([
      '2026-10-25T00:30',
      '2026-10-26T01:30',
    ]);
    expect(times('30 1 * * *', 'America/New_York', '2026-10-31T12:00Z', 2)).toEqual([
      '2026-11-01T05:30',
      '2026-11-02T06:30',
    ]);
  });

  it('what repeats within the hours goes by elapsed time', () => {
    expect(times('*/30 * * * *', 'Europe/Berlin', '2026-10-25T00:00Z', 4)).toEqual([
      '2026-10-25T00:30',
      '2026-10-25T01:00',
      '2026-10-25T01:30',
      '2026-10-25T02:00',
    ]);
    expect(times('*/30 * * * *', 'Europe/Berlin', '2026-03-29T00:30Z', 2)).toEqual([
      '2026-03-29T01:00',
      '2026-03-29T01:30',
    ]);
  });

  it('every match within 48 hours of a change of 2024 to 2028 comes exactly as defined', () => {
    let changes = 0;
    for (const zone of ZONES) {
      const wall = new Wall(zone);
      for (const change of wall.changes(Date.UTC(2024, 0, 1), Date.UTC(2028, 0, 1))) {
        changes++;
        const [from, until] = [change - 48 * HOUR, change + 48 * HOUR];
        const all = minutes(wall, from, until);
        const [before, after] = [wall.of(change - MINUTE) + MINUTE, wall.of(change)];
        // Times of day that the change is about, and some beside.
        const days = [0, 15, 30, 45, 60, 75, 90].map((each) => Math.min(before, after) + each * MINUTE);
        for (const local of days) {
          const [hour, minute] = [new Date(local).getUTCHours(), new Date(local).getUTCMinutes()];
          expect({
            zone,
            hour,
            minute,
            found: between(`${minute} ${hour} * * *`, zone, from, until),
          }).toEqual({
            zone,
            hour,
            minute,
            found: fixedTimes(all, hour, minute),
          });
        }
        const quarters = all.filter(({ local }) => new Date(local).getUTCMinutes() % 15 === 0);
        expect(between('*/15 * * * *', zone, from, until)).toEqual(quarters.map(({ at }) => at));
      }
    }
    expect(changes).toBeGreaterThan(30);
  }, 60_000);

  it('instants only grow, whatever the expression and the zone', () => {
    const field = (most: number) =>
      fc.oneof(fc.constant('*'), fc.integer({ min: 0, max: most }).map(String), fc.constant('*/7'));
    fc.assert(
      fc.property(
        field(59),
        field(23),
        fc.constantFrom(...ZONES),
        fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2040, 0, 1) }),
        (minute, hour, zone, start) => {
          const next = cronTimes(`${minute} ${hour} * * *`, zone);
          let at = start;
          for (let i = 0; i < 20; i++) {
            const following = next(at) ?? 0;
            expect(following).toBeGreaterThan(at);
            // From anywhere before it the same one is found.
            expect(next(following - 1)).toBe(following);
            at = following;
          }
        },
      ),
      { numRuns: 200 },
    );
  }, 60_000);
});

/** What the expression gives after `from` (exclusive), until then. */
function between(cron: string, zone: string, from: number, until: number): number[] {
  const next = cronTimes(cron, zone);
  const found: number[] = [];
  for (let at = next(from - 1); at !== null && at <= until; at = next(at)) found.push(at);
  return found;
}

/** By the definition: each day's time once, the first of two; one that is left out at the first instant after the gap. */
function fixedTimes(all: readonly { at: number; local: number }[], hour: number, minute: number): number[] {
  const found = new Set<number>();
  const seen = new Set<number>();
  for (const [i, { at, local }] of all.entries()) {
    const previous = all[i - 1];
    // Local times from the minute before to this one: more than one where a gap is.
    const skipped: number[] = [];
    for (let each = (previous?.local ?? local - MINUTE) + MINUTE; each < local; each += MINUTE)
      skipped.push(each);
    for (const each of [...skipped, local]) {
      const date = new Date(each);
      if (date.getUTCHours() !== hour || date.getUTCMinutes() !== minute || seen.has(each)) continue;
      seen.add(each);
      found.add(at);
    }
  }
  return [...found];
}
