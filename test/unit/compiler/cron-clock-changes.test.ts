import { cronTimes } from '../../../lib/compiler/cron-times.js';
import { SeededRandom } from '../../../lib/testing/simulation/seeded-random.js';
import { OffsetTable, readCron, Stretch } from './brute-force-cron.js';

/**
 * Every expression against a scan of every minute: two days before and after each change of each zone, and days at random.
 * Here each stretch is given expressions of its own, drawn by a fixed seed; with `HOLDFAST_CRON=all`, which takes ten
 * minutes, each is given all of them.
 */
const isWhole = process.env['HOLDFAST_CRON'] === 'all';

const [FROM, UNTIL] = [Date.UTC(2000, 0, 1), Date.UTC(2041, 0, 1)];
const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];
const RANDOM_DAYS = isWhole ? 1_000 : 40;

/** Half an hour of change, changes at midnight, by two hours, of whole days, many a year, none. */
const ZONES = [
  'Africa/Cairo',
  'Africa/Casablanca',
  'America/Asuncion',
  'America/Caracas',
  'America/Havana',
  'America/Los_Angeles',
  'America/New_York',
  'America/Nuuk',
  'America/Santiago',
  'America/Sao_Paulo',
  'America/St_Johns',
  'Antarctica/Casey',
  'Antarctica/Troll',
  'Asia/Amman',
  'Asia/Gaza',
  'Asia/Kathmandu',
  'Asia/Pyongyang',
  'Asia/Tehran',
  'Australia/Lord_Howe',
  'Australia/Sydney',
  'Europe/Berlin',
  'Europe/Dublin',
  'Europe/Istanbul',
  'Europe/London',
  'Europe/Moscow',
  'Pacific/Apia',
  'Pacific/Auckland',
  'Pacific/Chatham',
  'Pacific/Easter',
  'Pacific/Fakaofo',
  'Pacific/Norfolk',
  'UTC',
];

const EXPRESSIONS = [
  '0 9 * * 1-5',
  '0 0 * * *',
  '59 23 * * *',
  '0 3 * * SUN',
  '0 0 * * 7',
  '0 4 * JAN,MAR-JUN MON-FRI',
  '0,30 1-3 * * *',
  '0,20,40 0,1,2,3,4,23 * * *',
  '0 0 1 * *',
  '0 12 1,15 * *',
  '0 0 L * *',
  '0 0 13 * 5',
  '15 2 1-7 * MON',
  '0 6 */3 * *',
  '30 2 31 * *',
  '0 9 * * 5L',
  '0 9 * * MON#1',
  '0 0,12 1 */2 *',
  '0 0 29 2 *',
  '15 30 2 * * *',
  '5,35 0 0-3 * * SAT,SUN',
  '0 * * * *',
  '30 * * * *',
  '0 */2 * * *',
  '*/15 2 * * *',
  '*/20 0-4 * * *',
  '7-47/10 * * * *',
  '23 0-20/2 * * *',
  '*/5 * * * *',
  '*/7 * * * 0,6',
  '10,50 0 */3 * * *',
  '*/30 59 * * * *',
];

/** Named times about those that a change leaves out or repeats, of each day, of that day and of that weekday. */
function expressionsAt(table: OffsetTable, change: number): string[] {
  const minute = change / MINUTE;
  const [before = 0, after = 0] = table.localMinutes(minute - 1, minute);
  const [low, high] = [Math.min(before + 1, after), Math.max(before + 1, after)];
  const places = [low - 1, low, low + 15, low + 29, low + 30, (low + high) >> 1, high - 1, high, high + 15];
  return [...new Set(places)].flatMap((local, i) => {
    const date = new Date(local * MINUTE);
    const [m, h] = [date.getUTCMinutes(), date.getUTCHours()];
    const day = `${date.getUTCDate()} ${date.getUTCMonth() + 1}`;
    const forms = [
      `${m} ${h} * * *`,
      `${m} ${h} ${day} *`,
      `${m} ${h} * * ${date.getUTCDay()}`,
      `*/10 ${h} * * *`,
    ];
    return isWhole
      ? forms
      : [`${m} ${h} * * *`, ...(i % 2 === 1 ? [forms[(i >> 1) % forms.length] ?? ''] : [])];
  });
}

const told = { changes: 0, days: 0, expressions: 0, instants: 0 };

afterAll(() => {
  const { changes, days, expressions, instants } = told;
  process.stdout.write(
    `cron: ${ZONES.length} zones, ${changes} changes, ${days} days, ${expressions} expressions, ${instants} instants\n`,
  );
});

describe.each(ZONES)('in %s', (zone) => {
  const table = new OffsetTable(zone, FROM - 8 * DAY, UNTIL);
  const random = new SeededRandom(zone);
  const times = new Map(EXPRESSIONS.map((each) => [each, cronTimes(each, zone)]));
  const fields = new Map(EXPRESSIONS.map((each) => [each, readCron(each)]));

  /** What is said of the first difference; null: there is none. */
  function difference(stretch: Stretch, expression: string): string | null {
    const next = times.get(expression) ?? cronTimes(expression, zone);
    const expected = stretch.instants(fields.get(expression) ?? readCron(expression));
    told.expressions++;
    told.instants += expected.length;
    const say = (after: number, found: number | null, right: number | undefined): string =>
      `${expression} after ${textOf(after)}: found ${textOf(found)}, not ${textOf(right ?? null)}`;
    const isRight = (found: number | null, right: number | undefined): boolean =>
      right === undefined ? found === null || found > stretch.until : found === right;
    let after = stretch.from - 1;
    for (const right of [...expected, undefined]) {
      const found = next(after);
      if (!isRight(found, right)) return say(after, found, right);
      if (right !== undefined) after = right;
    }
    // From anywhere, not only from one instant to the next.
    for (let i = 0; i < 3; i++) {
      const start = random.int(stretch.from, stretch.until);
      const right = expected.find((each) => each > start);
      const found = next(start);
      if (!isRight(found, right)) return say(start, found, right);
    }
    return null;
  }

  function drawn(count: number): readonly string[] {
    if (isWhole) return EXPRESSIONS;
    return Array.from({ length: count }, () => random.pick(EXPRESSIONS));
  }

  it('two days about each change are as the scan of every minute finds them', () => {
    const changes = table.changes().filter((change) => change >= FROM && change < UNTIL);
    told.changes += changes.length;
    const differences = changes.flatMap((change) => {
      const stretch = new Stretch(table, change - 48 * HOUR, change + 48 * HOUR);
      return [...expressionsAt(table, change), ...drawn(1)].map((each) => difference(stretch, each));
    });
    expect(differences.filter((each) => each !== null)).toEqual([]);
  }, 600_000);

  it('days at random are as the scan of every minute finds them', () => {
    told.days += RANDOM_DAYS;
    const differences = Array.from({ length: RANDOM_DAYS }, () => {
      const from = FROM + random.int(0, (UNTIL - FROM) / DAY) * DAY;
      const stretch = new Stretch(table, from, from + DAY);
      return drawn(3).map((each) => difference(stretch, each));
    });
    expect(differences.flat().filter((each) => each !== null)).toEqual([]);
  }, 600_000);
});

function textOf(at: number | null): string {
  return at === null ? 'none' : new Date(at).toISOString();
}
