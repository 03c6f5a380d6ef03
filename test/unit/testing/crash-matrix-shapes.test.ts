import { randomUUID } from 'node:crypto';
import {
  execution,
  fixed,
  Inject,
  NonRetryableError,
  OnEvent,
  Retry,
  sleep,
  Step,
  step,
  StepInterruptedError,
  Worker,
  WORKER_APP,
  type WorkerApp,
} from 'holdfast';
import { crashMatrix } from 'holdfast/testing';
import { failures, Ordered, ordered, Payments, Shipped, WithoutKey } from './crash-matrix-orders.js';

class Flaky {
  private calls = 0;
  async readAnswer(): Promise<string> {
    if (++this.calls === 1) throw new Error('busy');
    return randomUUID();
  }
}

@Worker('trips')
class Trips {
  constructor(
    private readonly payments: Payments,
    private readonly flaky: Flaky,
    @Inject(WORKER_APP) private readonly app: WorkerApp,
  ) {}

  @OnEvent(Ordered)
  async travel({ id }: Ordered): Promise<string> {
    for (let leg = 0; leg < 3; leg++) await this.book(`${id}-${leg}`);
    const both = await Promise.all(['a', 'b'].map((seat) => this.outer(seat)));
    await sleep('2 days');
    const answer = await this.ask();
    try {
      await this.fail();
    } catch {
      await this.undo(answer);
    }
    await this.app.publish(Shipped, { id });
    return `${both.join()} at ${execution().now() > 0}`;
  }

  @Step() async book(leg: string): Promise<string> {
    return this.payments.charge(leg, 1, execution().idempotencyKey);
  }
  @Step() async outer(seat: string): Promise<string> {
    return `${await this.book(seat)}${await step('inner', () => seat)}`;
  }
  @Step()
  @Retry({ backoff: fixed('1 minute') })
  async ask(): Promise<string> {
    return this.flaky.readAnswer();
  }
  @Step() async fail(): Promise<void> {
    throw new NonRetryableError('no');
  }
  @Step() async undo(answer: string): Promise<void> {
    await this.payments.refund(answer, execution().idempotencyKey);
  }
}

@Worker('mails')
class Mails {
  constructor(private readonly payments: Payments) {}
  @OnEvent(Shipped)
  async send({ id }: { id: string }): Promise<void> {
    await step('mail', () => this.payments.refund(id));
  }
}

const providers = () => [{ provide: Flaky, useValue: new Flaky() }];

test('loops, branches, nested steps, sleeps, retries, compensation and published events are safe', async () => {
  const report = await crashMatrix(Trips, ordered, { providers });
  expect(report.problems).toEqual([]);
  expect(new Set(report.cells.map(({ step: name }) => name))).toEqual(
    new Set([
      'trips.travel',
      'trips.travel/book',
      'trips.travel/outer',
      'trips.travel/outer/book',
      'trips.travel/outer/inner',
      'trips.travel/sleep',
      'trips.travel/ask',
      'trips.travel/fail',
      'trips.travel/undo',
      'trips.travel/publish',
    ]),
  );
  const asked = report.cells.filter(
    ({ step: name, boundary }) => name === 'trips.travel/ask' && boundary === 'before-body',
  );
  expect(asked.map(({ time }) => time)).toEqual([1, 2]);
}, 60_000);

test('a worker that takes what a step publishes is tried too', async () => {
  const report = await crashMatrix(Trips, ordered, { providers, workers: [Mails], limit: 80 });
  expect(failures(report)).toEqual([['repeated-effect', 'mails.send/mail', 'Payments.refund']]);
}, 60_000);

test('an at-most-once body that is interrupted repeats nothing, and may end otherwise', async () => {
  @Worker('orders')
  class Once extends WithoutKey {
    constructor(payments: Payments) {
      super(payments);
    }
    @OnEvent(Ordered)
    override async fulfil({ id, total }: Ordered): Promise<string> {
      try {
        return await this.charge(id, total);
      } catch (error) {
        if (!(error instanceof StepInterruptedError)) throw error;
        return 'a person has to look';
      }
    }
    @Step({ atMostOnce: true })
    override async charge(id: string, total: number): Promise<string> {
      return this.payments.charge(id, total);
    }
  }
  expect((await crashMatrix(Once, ordered)).problems).toEqual([]);
});

test('beyond the limit later times are left out first, and the report says so', async () => {
  const report = await crashMatrix(Trips, ordered, { providers, limit: 40 });
  expect(report.cells).toHaveLength(40);
  expect(report.omitted).toBeGreaterThan(20);
  expect(report.cells.filter(({ time }) => time > 2)).toEqual([]);
  expect(String(report)).toContain(`40 boundaries, ${report.omitted} more left out (limit)`);
}, 60_000);

test('it works in isolated mode, with one step per delivery', async () => {
  const report = await crashMatrix(Trips, ordered, { providers, executionMode: 'ISOLATED', limit: 60 });
  expect(report.problems).toEqual([]);
}, 60_000);

test('a branch that runs while another one crashes reaches nobody any more, and is repeated', async () => {
  const arrived: string[][] = [];
  const slow = (): { send(text: string): Promise<void> } => {
    const texts: string[] = [];
    arrived.push(texts);
    return {
      send: async (text) => {
        texts.push(text);
        await new Promise((resolve) => setTimeout(resolve, 10));
      },
    };
  };
  @Worker('branches')
  class Branches {
    constructor(@Inject('MAIL') private readonly mail: ReturnType<typeof slow>) {}
    @OnEvent(Ordered)
    async both(_: Ordered): Promise<void> {
      await Promise.all([
        step('quick', () => new Promise((resolve) => setTimeout(resolve, 1))),
        step('slow', async () => {
          await this.mail.send('first');
          await this.mail.send('second');
        }),
      ]);
    }
  }
  const report = await crashMatrix(Branches, ordered, {
    providers: () => [{ provide: 'MAIL', useValue: slow() }],
    limit: 6,
  });
  expect(failures(report)).toEqual([['repeated-effect', 'branches.both/slow', 'MAIL.send']]);
  const crashed = report.cells.findIndex(
    ({ step: name, boundary }) => name.endsWith('quick') && boundary === 'after-checkpoint',
  );
  expect(arrived[2 + crashed]).toEqual(['first', 'first', 'second']);
});

test('a process that lost its lease is refused, also when leases are long', async () => {
  const report = await crashMatrix(WithoutKey, ordered, { lease: '10 minutes', sweep: '1 minute' });
  const lost = report.cells.filter(({ boundary, isSafe }) => boundary === 'lease-lost' && !isSafe);
  expect(lost.map((cell) => cell.step)).toEqual(['orders.fulfil/charge']);
});
