import { Concurrency } from '../../../lib/decorators/concurrency.js';
import { Every as TypedEvery } from '../../../lib/decorators/every.js';
import { OnEvent } from '../../../lib/decorators/on-event.js';
import { RateLimit } from '../../../lib/decorators/rate-limit.js';
import { Retry } from '../../../lib/decorators/retry.js';
import { Step } from '../../../lib/decorators/step.js';
import { Timeout } from '../../../lib/decorators/timeout.js';
import type { SchedulePolicy } from '../../../lib/model/schedule.js';
import { compiled, foundIn, type Loose, mistakesOf, workerOf } from './worker-of.js';

const Every = TypedEvery as Loose;

function scheduleOf(...args: readonly unknown[]): SchedulePolicy {
  const { schedule } = compiled({ run: [Every(...args)] }).handlers[0] ?? {};
  if (schedule === undefined) throw new TypeError('no schedule');
  return schedule;
}

const found = (...args: readonly unknown[]): string[] => foundIn({ run: [Every(...args)] });

describe('a keyed @Every', () => {
  class Total {}

  it('begins at the start of a job unless it says otherwise, and knows its state', () => {
    const [handler] = compiled({ run: [Every('5m', { keyed: true, state: Total })] }).handlers;
    expect(handler?.keyed).toEqual({ kind: 'recurring', state: Total });
    expect(handler?.schedule).toMatchObject({ intervalMs: 300_000, startImmediately: true, overlap: 'skip' });
    expect(scheduleOf({ cron: '0 9 * * *', keyed: true, startImmediately: false })).toMatchObject({
      intervalMs: null,
      startImmediately: false,
    });
  });

  it('has no gate but that of its jobs, no limit by a key, and no steps after it', () => {
    const keyed = Every('5m', { keyed: true });
    expect(foundIn({ run: [keyed, Concurrency(2)] })).toEqual([
      'run: @Concurrency is on a method with @Every({ keyed: true })',
    ]);
    expect(foundIn({ run: [keyed, RateLimit({ limit: 1, per: '1s', key: 'name' })] })).toEqual([
      'run: @RateLimit with a key is on a method with @Every({ keyed: true })',
    ]);
    expect(foundIn({ run: [keyed, RateLimit({ limit: 1, per: '1s' })] })).toEqual([]);
    expect(foundIn({ run: [keyed], after: [Step({ after: 'run' })] })).toEqual([
      "after: it comes after 'run', a method with a key",
    ]);
  });
});

describe('an @Every', () => {
  it('has the defaults that are documented', () => {
    expect(scheduleOf('5 minutes')).toMatchObject({
      timing: 'every 300000 ms',
      misfire: 'once',
      overlap: 'skip',
      startImmediately: false,
      jitterMs: 0,
    });
    expect(scheduleOf({ cron: ' 0  9 * * 1-5 ' }).timing).toBe('cron 0 9 * * 1-5 UTC');
  });

  it('with an interval has the multiples of it since 1970', () => {
    const { next } = scheduleOf('5 minutes');
    const at = Date.UTC(2026, 0, 1, 10, 3);
    expect(new Date(next(at) ?? 0).toISOString()).toBe('2026-01-01T10:05:00.000Z');
    expect(next(Date.UTC(2026, 0, 1, 10, 5))).toBe(Date.UTC(2026, 0, 1, 10, 10));
    expect(next(Date.UTC(2026, 0, 1, 10, 5) - 1)).toBe(Date.UTC(2026, 0, 1, 10, 5));
  });

  it('takes its options beside an interval or with it, and five or six fields', () => {
    expect(scheduleOf('5m', { overlap: 'allow' }).print).toBe(
      scheduleOf({ every: 300_000, overlap: 'allow' }).print,
    );
    const { next } = scheduleOf({
      cron: '30 0 9 * * *',
      timeZone: 'Asia/Tokyo',
      jitter: '1m',
      misfire: 'all',
    });
    expect(new Date(next(Date.UTC(2026, 0, 1)) ?? 0).toISOString()).toBe('2026-01-01T00:00:30.000Z');
  });

  it('has another print whenever something of it changes, and not when its description does', () => {
    const prints = [
      scheduleOf('5m'),
      scheduleOf('6m'),
      scheduleOf('5m', { misfire: 'all' }),
      scheduleOf('5m', { overlap: 'allow' }),
      scheduleOf('5m', { jitter: '1s' }),
      scheduleOf({ cron: '*/5 * * * *' }),
      scheduleOf({ cron: '*/5 * * * *', timeZone: 'Europe/Berlin' }),
    ].map(({ print }) => print);
    expect(new Set(prints).size).toBe(prints.length);
    expect(scheduleOf('5m', { description: 'x' }).print).toBe(prints[0]);
  });

  it('makes its method a handler with policies and a description', () => {
    const { handlers, graph } = compiled({
      run: [
        Every('1h', { description: 'sums up' }),
        Retry({ maxAttempts: 7 }),
        Timeout('1m'),
        Concurrency(2),
      ],
      after: [(Step as Loose)({ after: 'run' })],
    });
    expect(handlers).toMatchObject([
      {
        id: 'sample.run',
        routes: [],
        description: 'sums up',
        timeoutMs: 60_000,
        retry: { maxAttempts: 7 },
        concurrency: { limit: 2 },
        declared: [{ name: 'after' }],
      },
    ]);
    expect(graph.nodes.map(({ kind }) => kind)).toEqual(['declared', 'handler']);
  });

  it.each([
    [['5 months'], "@Every has '5 months'"],
    [[undefined], '@Every has no interval'],
    [[5], '@Every has 5'],
    [['0 9 * * *'], "@Every has '0 9 * * *'"],
    [[{ every: '5m', cron: '0 9 * * *' }], '@Every has every and cron'],
    [[{ every: '5m', timeZone: 'UTC' }], '@Every has timeZone without cron'],
    [[{ cron: '0 9 * * *', timeZone: 'Mars/Base' }], "@Every has timeZone: 'Mars/Base'"],
    [[{ cron: '? 9 * * *' }], "@Every has cron: '? 9 * * *'"],
    [[{ cron: '@daily' }], "@Every has cron: '@daily'"],
    [[{ cron: '0 0 30 2 *' }], "@Every has cron: '0 0 30 2 *', which never comes"],
    [[{ cron: 5 }], '@Every has cron: 5'],
    [['5m', { misfire: 'never' }], "@Every has misfire: 'never'"],
    [['5m', { overlap: true }], '@Every has overlap: true'],
    [['5m', { startImmediately: 1 }], '@Every has startImmediately: 1'],
    [['5m', { jitter: 'some' }], "@Every has jitter: 'some'"],
    [['5m', { zone: 'UTC' }], '@Every has the unknown option zone'],
    [['5m', 7], '@Every has 7 as its options'],
    [[{ every: '5m' }, {}], '@Every has options twice'],
    [['5m', { keyed: 1 }], '@Every has keyed: 1'],
    [['5m', { state: class State {} }], '@Every has state without keyed: true'],
    [['5m', { keyed: true, state: 'total' }], "@Every has state: 'total'"],
    [['5m', { keyed: true, overlap: 'allow' }], "@Every has overlap: 'allow' with keyed: true"],
  ] as [unknown[], string][])('of %j is refused', (args, mistake) => {
    expect(found(...args)).toEqual([`run: ${mistake}`]);
  });

  it('says why an expression cannot be read, and what to write', () => {
    const [mistake] = mistakesOf(workerOf({ run: [Every({ cron: '61 9 * * *' })] }));
    expect(mistake?.found).toMatch(/^run: @Every has cron: '61 9 \* \* \*' \(.*minute.*\)$/);
    expect(mistake?.write).toBe("Write five fields or, with seconds first, six: '0 9 * * 1-5'");
    const [text] = mistakesOf(workerOf({ run: [Every('0 9 * * *')] }));
    expect(text?.write).toBe("Write a cron expression as an option: @Every({ cron: '0 9 * * *' })");
  });

  it.each(['1 month', '2 years', '3mo'])('says of %p that only a cron expression can mean it', (interval) => {
    const [mistake] = mistakesOf(workerOf({ run: [Every(interval as '1d')] }));
    expect(mistake?.write).toBe(
      "Write a cron expression, since months and years have no fixed length: @Every({ cron: '0 0 1 * *' })",
    );
  });

  it('has no key: jobs have an id each', () => {
    const [mistake] = mistakesOf(workerOf({ run: [(Every as Loose)('5m', { keyed: true, key: 'id' })] }));
    expect(mistake).toMatchObject({
      found: 'run: @Every has the unknown option key',
      write: "Leave it out: each job has the id that app.recurring(Worker, 'method').start({ id }) gives it",
    });
  });

  it('stands alone on its method', () => {
    expect(foundIn({ run: [Every('5m'), (OnEvent as Loose)('x')] })).toEqual([
      'run: it has @OnEvent and @Every',
    ]);
    expect(foundIn({ run: [Every('5m'), (Step as Loose)()] })).toEqual(['run: it is a handler and a step']);
    expect(foundIn({ run: [Every('5m'), Every('6m')] })).toEqual(['run: @Every is written twice']);
  });
});
