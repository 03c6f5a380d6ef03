import {
  Actor,
  type ActorContext,
  Debounce,
  defineEvent,
  Every,
  execution,
  OnAlarm,
  OnEvent,
  Step,
  type Tick,
  waitFor,
  Worker,
} from 'holdfast';
import { simulate } from 'holdfast/testing';
import { z } from 'zod';

jest.setTimeout(60_000);

const Asked = defineEvent('asked', z.object({ id: z.string() }));
const Approved = defineEvent('approved', z.object({ id: z.string(), by: z.string() }), { correlate: 'id' });
type Asked = { id: string };

/** What came out, by idempotency key. */
class Ledger {
  readonly entries = new Map<string, string>();

  async add(key: string, entry: string): Promise<string> {
    this.entries.set(key, entry);
    return entry;
  }
}

@Worker('approvals')
class Approvals {
  constructor(private readonly ledger: Ledger) {}

  @OnEvent(Asked)
  async ask({ id }: Asked) {
    const approval = await waitFor(Approved, { key: id, timeout: '20 seconds' });
    return this.book(`${id} by ${approval?.by ?? 'nobody'}`);
  }

  @Step()
  async book(what: string) {
    return this.ledger.add(execution().idempotencyKey, what);
  }

  @Every('2 seconds')
  async poll({ scheduledAt }: Tick) {
    return this.book(`tick ${scheduledAt}`);
  }

  @Debounce(Asked, { key: 'id', flushAfter: '1s' })
  async digest(events: Asked[]) {
    return this.book(`${events.length} together`);
  }
}

@Actor({ id: 'reminders', state: z.object({ rang: z.number() }), key: 'id' })
class Reminders {
  @OnEvent(Asked)
  async asked(_asked: Asked, ctx: ActorContext<{ rang: number }>) {
    ctx.setState({ rang: 0 });
    ctx.schedule('5 seconds');
  }

  @OnAlarm()
  async remind(ctx: ActorContext<{ rang: number }>) {
    ctx.updateState((state) => ({ rang: (state?.rang ?? 0) + 1 }));
  }
}

const events = [
  [Asked, { id: 'a' }],
  [Asked, { id: 'b' }],
  [Approved, { id: 'a', by: 'boss' }],
  [Approved, { id: 'b', by: 'boss' }],
] as const;

test('schedules tick, events that are waited for arrive, batches are flushed and alarms ring, whatever dies', async () => {
  const report = await simulate({
    workers: [Approvals, Reminders],
    providers: () => [{ provide: Ledger, useValue: new Ledger() }],
    events,
    seeds: 10,
    within: '10 minutes',
    invariants: [
      {
        name: 'an instant is booked once',
        check: ({ executions }) => {
          const ticks = executions.filter(({ handler }) => handler === 'poll').map(({ value }) => value);
          expect(new Set(ticks).size).toBe(ticks.length);
        },
      },
      {
        name: 'each alarm rings',
        check: ({ executions }) => {
          const alarms = executions.filter(({ handler }) => handler === 'remind');
          expect(alarms.map(({ status }) => status)).toEqual(['completed', 'completed']);
        },
      },
      {
        name: 'a wait ends with its event or without',
        check: ({ executions }) => {
          for (const { value } of executions.filter(({ handler }) => handler === 'ask'))
            expect(value).toMatch(/^[ab] by (boss|nobody)$/);
        },
      },
    ],
  });
  expect(report.executions).toBeGreaterThan(10 * 8);
});
