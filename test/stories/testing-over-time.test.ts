import {
  Actor,
  type ActorContext,
  Debounce,
  defineEvent,
  Every,
  execution,
  type Logger,
  OnAlarm,
  OnEvent,
  Step,
  Worker,
} from 'holdfast';
import { TestApp } from 'holdfast/testing';
import { z } from 'zod';

const START = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;

@Worker('reports')
class ReportWorker {
  @Every('1 minute') async poll(): Promise<void> {}

  @Every({ cron: '0 9 * * 1-5', timeZone: 'Europe/Berlin' })
  async daily(): Promise<string> {
    return this.load();
  }

  @Step() async load(): Promise<string> {
    return 'loaded';
  }
}

const Ordered = defineEvent('ordered', z.object({ id: z.string() }));
type Ordered = { id: string };

@Actor({ id: 'order', key: 'id', state: z.object({ reminders: z.number() }), logLevel: 'warn' })
class OrderActor {
  @OnEvent(Ordered)
  ordered({ id }: Ordered, ctx: ActorContext<{ reminders: number }>): void {
    ctx.setState({ reminders: 0 });
    ctx.schedule('2 hours');
    execution().log.info('ordered', { id });
    execution().log.warn('scheduled', { id });
  }

  @OnAlarm()
  remind(ctx: ActorContext<{ reminders: number }>): void {
    const reminders = (ctx.state?.reminders ?? 0) + 1;
    ctx.setState({ reminders });
    if (reminders < 3) ctx.schedule('1 day');
  }
}

describe('advance over schedules', () => {
  async function after(duration: '7 days' | '1 day'): Promise<TestApp> {
    const app = await TestApp.create({ workers: [ReportWorker] });
    await app.advance(duration);
    return app;
  }

  it('comes to each instant of a week in order, ten thousand of them in moments', async () => {
    await using app = await after('7 days');
    const fired = app.fired();
    const minutes = fired.filter(({ handler }) => handler === 'poll').map(({ at }) => at);
    expect(minutes).toEqual(Array.from({ length: 7 * 24 * 60 }, (_, i) => START + (i + 1) * 60_000));
    const daily = fired.filter(({ handler }) => handler === 'daily');
    // The first of January is a Thursday: it begins at 01:00 in Berlin.
    const days = [1, 2, 5, 6, 7].map((day) => Date.UTC(2026, 0, day, 8));
    expect(daily.map(({ at, step }) => [at, step])).toEqual(
      days.flatMap((at) => [
        [at, null],
        [at, 'daily/load'],
      ]),
    );
    expect(fired.map(({ at }) => at)).toEqual(fired.map(({ at }) => at).toSorted((a, b) => a - b));
    // A TestApp keeps all that ended.
    expect((await app.stats()).completed).toBe(minutes.length + days.length);
  }, 60_000);

  it('is the same in every run, ids included', async () => {
    await using first = await after('1 day');
    await using second = await after('1 day');
    expect(second.fired()).toEqual(first.fired());
  }, 60_000);
});

test('fired() lists batches and ticks of a key with what they belong to', async () => {
  @Worker('sums')
  class Sums {
    @Debounce(Ordered, { key: 'id', flushAfter: '5s' })
    async sum(events: Ordered[]): Promise<number> {
      return this.count(events.length);
    }
    @Every('1 hour', { keyed: true }) async refresh(): Promise<void> {}
    @Step() async count(of: number): Promise<number> {
      return of;
    }
  }
  await using app = await TestApp.create({ workers: [Sums] });
  for (const id of ['a', 'b', 'a']) await app.publish(Ordered, { id });
  await app.advance('1 minute');
  await app.recurring(Sums, 'refresh').start({ id: 'r' });
  await app.advance('1 hour');
  const of = (wanted: string) =>
    app
      .fired()
      .filter(({ instance }) => instance === wanted)
      .map(({ at, step }) => [at - START, step]);
  for (const id of ['a', 'b'])
    expect(of(`debounce:sums:${id}`)).toEqual([
      [5_000, null],
      [5_000, 'sum/count'],
    ]);
  // The intervals of a job count from its start.
  expect(of('recurring:sums:r')).toEqual([
    [60_000, null],
    [HOUR + 60_000, null],
  ]);
  expect(app.fired()).toHaveLength(6);
});

test('fired() lists messages and alarms with the instance whose turns they are', async () => {
  await using app = await TestApp.create({ workers: [OrderActor] });
  await app.publish(Ordered, { id: 'o-1' });
  await app.advance('1 hour');
  await app.publish(Ordered, { id: 'o-2' });
  await app.advance('30 days');
  const of = (id: string) =>
    app
      .fired()
      .filter(({ instance }) => instance === `actor:order:${id}`)
      .map(({ at, worker, handler, step, attempt }) => [(at - START) / HOUR, worker, handler, step, attempt]);
  const turns = (from: number) => [
    [from, 'order', 'ordered', null, 1],
    [from + 2, 'order', 'remind', null, 1],
    [from + 26, 'order', 'remind', null, 1],
    [from + 50, 'order', 'remind', null, 1],
  ];
  expect(of('o-1')).toEqual(turns(0));
  expect(of('o-2')).toEqual(turns(1));
  expect(app.fired()).toHaveLength(8);
});

test('D30 · logLevel of a worker or an actor is the least that it writes, whatever the others write', async () => {
  const written: string[] = [];
  const write =
    (level: string): Logger['info'] =>
    (message, { instanceId } = {}) =>
      void written.push(`${level} ${message}${typeof instanceId === 'string' ? ` of ${instanceId}` : ''}`);
  const logger = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  const talk = (): void => {
    for (const level of ['debug', 'info', 'warn', 'error'] as const)
      execution().log[level](execution().worker);
  };
  const Talked = defineEvent('talked', z.object({}));
  @Worker({ id: 'plain' })
  class Plain {
    @OnEvent(Talked) talk(): void {
      talk();
    }
  }
  @Worker({ id: 'quiet', logLevel: 'error' })
  class Quiet {
    @OnEvent(Talked) talk(): void {
      talk();
    }
  }
  @Worker({ id: 'mute', logLevel: 'silent' })
  class Mute {
    @OnEvent(Talked) talk(): void {
      talk();
      throw new Error('said to nobody');
    }
  }
  await using app = await TestApp.create({ workers: [Plain, Quiet, Mute, OrderActor], logger });
  await app.publish(Talked, {});
  await app.publish(Ordered, { id: 'o-1' });
  await app.settle();
  expect(written.filter((line) => /plain|quiet|mute|ordered|scheduled|execution failed/.test(line))).toEqual([
    'debug plain',
    'info plain',
    'warn plain',
    'error plain',
    'error quiet',
    'warn scheduled of actor:order:o-1',
  ]);
});
