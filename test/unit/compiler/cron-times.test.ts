import fc from 'fast-check';
import { cronTimes } from '../../../lib/compiler/cron-times.js';

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

  it('a time of day that a gap over midnight leaves out comes at the first instant after it', () => {
    expect(times('30 23 * * *', 'America/Nuuk', '2024-03-29T12:00Z', 3)).toEqual([
      '2024-03-30T01:30',
      '2024-03-31T01:00',
      '2024-04-01T00:30',
    ]);
    expect(times('30 23 30 3 *', 'America/Nuuk', '2024-01-01T00:00Z', 1)).toEqual(['2024-03-31T01:00']);
  });

  it('each time of a day that a zone leaves out comes when the next day begins', () => {
    expect(times('0 9,17 * * *', 'Pacific/Apia', '2011-12-29T18:00Z', 4)).toEqual([
      '2011-12-29T19:00',
      '2011-12-30T03:00',
      '2011-12-30T10:00',
      '2011-12-30T19:00',
    ]);
  });

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
