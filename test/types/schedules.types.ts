import { expectTypeOf } from 'expect-type';
import {
  Concurrency,
  Every,
  type ExecutionContext,
  type ExecutionHandle,
  type ScheduleSummary,
  Step,
  type Tick,
  Worker,
  type WorkerApp,
} from 'holdfast';

@Worker()
class Reports {
  @Every('5 minutes')
  nothing() {}

  @Every('5 minutes', { misfire: 'skip', overlap: 'buffer', jitter: '1s', startImmediately: true })
  tick({ scheduledAt }: Tick, { id }: ExecutionContext) {
    expectTypeOf(scheduledAt).toEqualTypeOf<number>();
    return { id, scheduledAt };
  }

  @Every({ cron: '0 9 * * 1-5', timeZone: 'Europe/Berlin', description: 'every morning' })
  @Concurrency({ limit: 1, key: 'scheduledAt' })
  async cron(tick: Tick) {
    return tick.scheduledAt;
  }

  @Step({ after: 'cron' })
  after(at: number) {
    return at;
  }

  @Every({ every: 60_000 })
  interval(_tick: { readonly scheduledAt: number }) {}

  // @ts-expect-error a tick has no order
  @Every('5 minutes')
  order({ orderId }: { orderId: string }) {
    return orderId;
  }
}

// @ts-expect-error a cron expression is an option
Every('0 9 * * *');
// @ts-expect-error an interval has no zone
Every({ every: '5m', timeZone: 'UTC' });
// @ts-expect-error it is an interval or an expression
Every({ every: '5m', cron: '0 9 * * *' });
// @ts-expect-error neither
Every({ overlap: 'skip' });
// @ts-expect-error no such policy
Every('5m', { overlap: 'queue' });
// @ts-expect-error what has a key has ticks one at a time
Every('5m', { keyed: true, overlap: 'allow' });
// @ts-expect-error state without a key
Every('5m', { state: class State {} });
// @ts-expect-error an interval or an expression, with a key too
Every({ keyed: true });

export async function operate(app: WorkerApp): Promise<void> {
  expectTypeOf(app.schedules.list()).resolves.toEqualTypeOf<readonly ScheduleSummary[]>();
  const handle = await app.schedules.trigger(Reports, 'cron');
  expectTypeOf(handle).toEqualTypeOf<ExecutionHandle<number>>();
  expectTypeOf(app.schedules.next(Reports, 'tick', 3)).toEqualTypeOf<readonly number[]>();
  // @ts-expect-error no such method
  await app.schedules.pause(Reports, 'nope');
}
