import {
  Actor,
  type ActorContext,
  Debounce,
  defineEvent,
  Every,
  execution,
  OnAlarm,
  OnEvent,
  sleep,
  Step,
  type Tick,
  waitFor,
  Worker,
  WORKER_APP,
  type WorkerApp,
} from 'holdfast';
import { crashMatrix } from 'holdfast/testing';
import { z } from 'zod';

const Asked = defineEvent('asked', z.object({ id: z.string() }));
const Approved = defineEvent('approved', z.object({ id: z.string(), by: z.string() }), { correlate: 'id' });
type Asked = { id: string };

class Ledger {
  readonly entries: string[] = [];

  async add(entry: string, key: string): Promise<string> {
    if (!this.entries.includes(key)) this.entries.push(key);
    return entry;
  }
}

const providers = () => [{ provide: Ledger, useValue: new Ledger() }];

@Worker('approvals')
class Approvals {
  constructor(private readonly ledger: Ledger) {}

  @OnEvent(Asked)
  async ask({ id }: Asked) {
    const approval = await waitFor(Approved, { key: id, timeout: '2 days' });
    return this.book(approval?.by ?? 'nobody');
  }

  @Step()
  async book(by: string) {
    return this.ledger.add(by, execution().idempotencyKey);
  }
}

@Worker({ id: 'boss', inject: [WORKER_APP] })
class Boss {
  constructor(private readonly app: WorkerApp) {}

  @OnEvent(Asked)
  async decide({ id }: Asked) {
    await sleep('1 day');
    await this.app.publish(Approved, { id, by: 'boss' });
  }
}

test('a handler that waits for an event goes on with it, wherever its process dies', async () => {
  const report = await crashMatrix(Approvals, [Asked, { id: 'o1' }], { providers, workers: [Boss] });
  expect(report.problems).toEqual([]);
  const steps = new Set(report.cells.map(({ step }) => step));
  expect([...steps]).toEqual(expect.arrayContaining(['approvals.ask/book', 'boss.decide/publish']));
}, 60_000);

@Actor({ id: 'reminders', state: z.object({ rang: z.number() }), key: 'id' })
class Reminders {
  constructor(private readonly ledger: Ledger) {}

  @OnEvent(Asked)
  async asked({ id }: Asked, ctx: ActorContext<{ rang: number }>) {
    await this.note(id);
    ctx.setState({ rang: 0 });
    ctx.schedule('1 hour');
  }

  @OnAlarm()
  async remind(ctx: ActorContext<{ rang: number }>) {
    await this.note('rang');
    ctx.updateState((state) => ({ rang: (state?.rang ?? 0) + 1 }));
  }

  @Step()
  async note(what: string) {
    return this.ledger.add(what, execution().idempotencyKey);
  }
}

test('an actor and its alarm end alike, wherever their process dies', async () => {
  const report = await crashMatrix(Reminders, [Asked, { id: 'o1' }], { providers });
  expect(report.problems).toEqual([]);
  const steps = new Set(report.cells.map(({ step }) => step));
  expect([...steps]).toEqual(expect.arrayContaining(['reminders.asked/note', 'reminders.remind/note']));
}, 60_000);

@Worker('digests')
class Digests {
  constructor(private readonly ledger: Ledger) {}

  @Debounce(Asked, { key: 'id', flushAfter: '1 hour' })
  async send(events: Asked[]) {
    return this.mail(events.length);
  }

  @Every('5 minutes')
  async poll({ scheduledAt }: Tick) {
    return scheduledAt;
  }

  @Step()
  async mail(count: number) {
    return this.ledger.add(`${count}`, execution().idempotencyKey);
  }
}

test('a batch is handled once, wherever its process dies, and schedules stand still meanwhile', async () => {
  const report = await crashMatrix(Digests, [Asked, { id: 'o1' }], { providers });
  expect(report.problems).toEqual([]);
  const steps = new Set(report.cells.map(({ step }) => step));
  expect([...steps]).toContain('digests.send/mail');
  expect([...steps].some((step) => step.includes('poll'))).toBe(false);
}, 60_000);
