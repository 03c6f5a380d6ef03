import 'reflect-metadata';
import {
  CLOCK,
  Compensate,
  type Clock,
  defineEvent,
  execution,
  fixed,
  InvalidEventError,
  NonRetryableError,
  OnEvent,
  Retry,
  sleep,
  Step,
  Worker,
  WorkerApp,
} from 'holdfast';
import {
  simulate,
  SimulationError,
  UnrepeatableSimulationError,
  type SimulateOptions,
  type SimulationEnd,
} from 'holdfast/testing';
import { z } from 'zod';

jest.setTimeout(30_000);

const Deposited = defineEvent('deposited', z.object({ account: z.string(), amount: z.number() }));
type Deposit = { account: string; amount: number };

/** A bank that lives outside the processes. */
class Bank {
  balance = 0;
  private readonly seen = new Set<string>();

  async read(): Promise<number> {
    return this.balance;
  }

  async write(balance: number): Promise<void> {
    this.balance = balance;
  }

  async add(amount: number): Promise<void> {
    this.balance += amount;
  }

  async addOnce(amount: number, key: string): Promise<void> {
    if (!this.seen.has(key)) this.balance += amount;
    this.seen.add(key);
  }
}

@Worker('careful')
class CarefulWorker {
  constructor(private readonly bank: Bank) {}

  @OnEvent(Deposited)
  async deposit({ amount }: Deposit): Promise<number> {
    await this.credit(amount);
    return amount;
  }

  @Step()
  @Retry({ maxAttempts: 3, backoff: fixed('1s') })
  async credit(amount: number): Promise<void> {
    await this.bank.addOnce(amount, execution().idempotencyKey);
  }
}

/** Reads and writes: another execution may come between. */
@Worker('racy')
class RacyWorker {
  constructor(private readonly bank: Bank) {}

  @OnEvent(Deposited)
  async deposit({ amount }: Deposit): Promise<void> {
    await this.credit(amount);
  }

  @Step()
  async credit(amount: number): Promise<void> {
    const balance = await this.bank.read();
    await this.bank.write(balance + amount);
  }
}

/** Right as long as no body of it runs twice. */
@Worker('keyless')
class KeylessWorker {
  constructor(private readonly bank: Bank) {}

  @OnEvent(Deposited)
  async deposit({ amount }: Deposit): Promise<void> {
    await this.credit(amount);
  }

  @Step()
  async credit(amount: number): Promise<void> {
    await this.bank.add(amount);
  }
}

const deposits = [
  [Deposited, { account: 'a', amount: 5 }],
  [Deposited, { account: 'a', amount: 7 }],
  [Deposited, { account: 'a', amount: 9 }],
] as const;

function total({ executions }: SimulationEnd): number {
  return executions.reduce((sum, { input }) => sum + (input as Deposit).amount, 0);
}

const noMoneyIsLost = {
  name: 'no money is lost or made',
  check: (end: SimulationEnd) => {
    expect(end.get(Bank).balance).toBe(total(end));
  },
};

const bank = {
  providers: () => [{ provide: Bank, useValue: new Bank() }],
  events: deposits,
  invariants: [noMoneyIsLost],
} satisfies Partial<SimulateOptions>;

async function failureOf(options: SimulateOptions): Promise<SimulationError> {
  const report = await simulate(options).catch((thrown: unknown) => thrown as SimulationError);
  if (report instanceof SimulationError) return report;
  throw report instanceof Error ? report : new Error(report.toString());
}

test('a worker that is right holds under crashes, faults of the store, hints and pauses, and gives what it gives without them', async () => {
  const report = await simulate({ ...bank, workers: [CarefulWorker], seeds: 25, sameResults: true });
  expect(report.failures).toEqual([]);
  expect(report.toString()).toMatch(/^25 seeds, 75 executions, \d+ faults: everything held$/);
  expect(report.faults).toBeGreaterThan(100);
});

test('a read-modify-write that another execution comes between is found, without any fault', async () => {
  const { message, report } = await failureOf({ ...bank, workers: [RacyWorker], faults: false });
  const [failure] = report.failures;
  expect(failure?.replay.faults).toEqual([]);
  expect(failure?.replay.events).toHaveLength(2);
  expect(message).toContain('breaks: no money is lost or made');
  expect(message).toMatch(/s {2}p\d {5}deposit\/credit #\d: Bank.read\(\)\n.*Bank.read\(\)/);
  expect(failure?.trace.length).toBeLessThan(30);
});

test('an effect that a crash repeats is found, and one fault is left that shows it', async () => {
  const options = {
    ...bank,
    workers: [KeylessWorker],
    events: deposits.slice(0, 1),
    seeds: 100,
  };
  const { message, report } = await failureOf(options);
  const [failure] = report.failures;
  expect(failure?.replay.faults).toHaveLength(1);
  expect(message).toContain(`replay: { seed: ${failure?.seed}, events: [0], processes: `);
  expect(failure?.trace.filter((line) => line.includes('Bank.add(5)'))).toHaveLength(2);

  const again = await failureOf({ ...options, replay: failure?.replay ?? { seed: 0 }, shrinkRuns: 0 });
  expect(again.report.failures[0]?.trace).toEqual(failure?.trace);
});

test('the same seed gives the same trace', async () => {
  const options = { ...bank, workers: [KeylessWorker], seeds: { from: 1, count: 8 }, throws: false };
  const [once, again] = [await simulate(options), await simulate(options)];
  expect(once.failures.length).toBeGreaterThan(0);
  expect(again.failures.map(({ trace }) => trace)).toEqual(once.failures.map(({ trace }) => trace));
});

test('only the faults that are wanted strike', async () => {
  const kinds = async (faults: NonNullable<SimulateOptions['faults']>): Promise<readonly string[]> => {
    const { failures } = await simulate({
      ...bank,
      workers: [CarefulWorker],
      faults,
      seeds: 15,
      throws: false,
      shrinkRuns: 0,
      invariants: [
        () => {
          throw new Error('always');
        },
      ],
    });
    return failures.flatMap(({ trace }) => trace);
  };
  const calm = await kinds(false);
  expect(calm.filter((line) => /dies|pauses|stops|store:/.test(line))).toEqual([]);
  const onlyStore = await kinds({ crashes: false, hints: false, pauses: 0, store: 2 });
  expect(onlyStore.some((line) => line.includes('store: write was refused'))).toBe(true);
  expect(onlyStore.filter((line) => /dies|pauses|stops/.test(line))).toEqual([]);
});

test('a sleep of days is over in no time, and faults strike after it too', async () => {
  @Worker('sleepy')
  class SleepyWorker {
    constructor(private readonly accounts: Bank) {}

    @OnEvent(Deposited)
    async deposit({ amount }: Deposit): Promise<void> {
      await sleep('30 days');
      await this.credit(amount);
    }

    @Step()
    async credit(amount: number): Promise<void> {
      await this.accounts.add(amount);
    }
  }
  const { report } = await failureOf({
    ...bank,
    workers: [SleepyWorker],
    events: deposits.slice(0, 1),
    seeds: 200,
  });
  expect(report.failures[0]?.replay.faults?.length).toBeLessThanOrEqual(2);
  expect(report.failures[0]?.trace.at(-1)).toMatch(/^2592\d\d\d\.\d+ s/);
}, 60_000);

test('what workers publish themselves is followed to its end', async () => {
  const Settled = defineEvent('settled', z.object({ amount: z.number() }));
  @Worker('chain')
  class ChainWorker {
    constructor(
      private readonly app: WorkerApp,
      private readonly accounts: Bank,
    ) {}

    @OnEvent(Deposited)
    async deposit({ amount }: Deposit): Promise<void> {
      await this.app.publish(Settled, { amount });
    }

    @OnEvent(Settled)
    async settle({ amount }: { amount: number }): Promise<void> {
      await this.credit(amount);
    }

    @Step()
    async credit(amount: number): Promise<void> {
      await this.accounts.addOnce(amount, execution().idempotencyKey);
    }
  }
  await simulate({
    ...bank,
    workers: [ChainWorker],
    seeds: 15,
    invariants: [
      ({ get, executions }) => {
        expect(executions.filter(({ handler }) => handler === 'settle')).toHaveLength(3);
        expect(get(Bank).balance).toBe(21);
      },
    ],
  });
});

test('a declared graph joins, skips and undoes as it says, whatever dies', async () => {
  @Worker('saga')
  class SagaWorker {
    constructor(private readonly accounts: Bank) {}

    @OnEvent(Deposited)
    deposit({ amount }: Deposit): number {
      return amount;
    }

    @Step({ after: 'deposit' })
    async credit(amount: number): Promise<number> {
      await this.accounts.addOnce(amount, execution().idempotencyKey);
      return amount;
    }

    @Step({ after: 'deposit' })
    async check(amount: number): Promise<boolean> {
      return amount < 8;
    }

    @Step({ after: ['credit', 'check'] })
    settle(amount: number, isFine: boolean): number {
      if (!isFine) throw new NonRetryableError('too much');
      return amount;
    }

    @Compensate('credit')
    async refund(amount: number): Promise<void> {
      await this.accounts.addOnce(-amount, execution().idempotencyKey);
    }
  }
  await simulate({
    ...bank,
    workers: [SagaWorker],
    seeds: 15,
    sameResults: true,
    invariants: [
      ({ get, executions }) => {
        expect(executions.map(({ status }) => status).toSorted()).toEqual([
          'completed',
          'completed',
          'failed',
        ]);
        expect(get(Bank).balance).toBe(12);
      },
    ],
  });
});

test('events are drawn by the seed', async () => {
  const counts = new Set<number>();
  await simulate({
    ...bank,
    workers: [CarefulWorker],
    seeds: 10,
    events: (random) =>
      Array.from({ length: random.int(1, 4) }, () => [Deposited, { account: 'a', amount: random.int(1, 9) }]),
    invariants: [noMoneyIsLost, ({ events }) => counts.add(events.length)],
  });
  expect(counts.size).toBeGreaterThan(1);
});

test('the ledger tells who called what', async () => {
  await simulate({
    ...bank,
    workers: [CarefulWorker],
    seeds: 3,
    faults: false,
    invariants: [
      ({ ledger, executions }) => {
        expect(ledger).toHaveLength(3);
        expect(ledger[0]).toMatchObject({ call: 'Bank.addOnce', step: 'deposit/credit', attempt: 1 });
        expect(executions.map(({ id }) => id)).toContain(ledger[0]?.execution);
      },
    ],
  });
});

test('a body that never ends breaks that everything comes to an end', async () => {
  @Worker('stuck')
  class StuckWorker {
    @OnEvent(Deposited)
    deposit(): Promise<void> {
      return new Promise(() => {});
    }
  }
  const { message } = await failureOf({
    workers: [StuckWorker],
    events: deposits.slice(0, 1),
    within: '1 hour',
    seeds: 1,
  });
  expect(message).toContain('everything that was accepted comes to an end');
  expect(message).toContain('deposit #1 is running');
});

test('results that differ from those without faults are told', async () => {
  @Worker('counting')
  class CountingWorker {
    constructor(private readonly accounts: Bank) {}

    @OnEvent(Deposited)
    async deposit(): Promise<number> {
      return this.count();
    }

    @Step()
    async count(): Promise<number> {
      await this.accounts.add(1);
      return this.accounts.read();
    }
  }
  const { message } = await failureOf({
    ...bank,
    workers: [CountingWorker],
    events: deposits.slice(0, 1),
    invariants: [],
    sameResults: true,
  });
  expect(message).toContain('breaks: results are those of a run without faults');
  expect(message).toContain('deposit #1 is completed with 2; without faults it is completed with 1');
});

test('a body that waits for the machine is refused, by name', async () => {
  @Worker('real')
  class RealWorker {
    @OnEvent(Deposited)
    deposit(): Promise<void> {
      return this.wait();
    }

    @Step()
    wait(): Promise<void> {
      return new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
  const run = simulate({ workers: [RealWorker], events: deposits, seeds: 5 });
  await expect(run).rejects.toThrow(UnrepeatableSimulationError);
  await expect(run).rejects.toThrow('real.deposit/wait began a Timeout of this machine');
});

test('a body that waits by the clock of the simulation is welcome', async () => {
  class Courier {
    constructor(private readonly clock: Clock) {}

    deliver(): Promise<void> {
      return new Promise((resolve) => void this.clock.setTimer(500, resolve));
    }
  }
  @Worker('shipping')
  class ShippingWorker {
    constructor(private readonly courier: Courier) {}

    @OnEvent(Deposited)
    async deposit(): Promise<void> {
      await this.courier.deliver();
    }
  }
  const providers = () => [
    { provide: Courier, useFactory: (clock: Clock) => new Courier(clock), inject: [CLOCK] },
  ];
  const report = await simulate({ workers: [ShippingWorker], providers, events: deposits, seeds: 5 });
  expect(report.failures).toEqual([]);
});

test('chance that is not the seed’s is told, with the line at which two runs part', async () => {
  @Worker('dicing')
  class DicingWorker {
    constructor(private readonly accounts: Bank) {}

    @OnEvent(Deposited)
    async deposit(): Promise<void> {
      await this.accounts.add(Math.random());
    }
  }
  const run = simulate({ ...bank, workers: [DicingWorker], invariants: [], seeds: 5 });
  await expect(run).rejects.toThrow(UnrepeatableSimulationError);
  await expect(run).rejects.toThrow(
    /two runs of seed 1 differ[^]*Bank.add\(0\.[^]*Use execution\(\).random\(\)/,
  );
});

test('an event that cannot be is told as publish tells it', async () => {
  const events = [[Deposited, { account: 'a', amount: 'much' }]] as const;
  await expect(simulate({ ...bank, workers: [CarefulWorker], events })).rejects.toThrow(InvalidEventError);
});

test('a check that answers false, now or later, is broken', async () => {
  const options = { ...bank, workers: [CarefulWorker], seeds: 1, shrinkRuns: 0 };
  const { message } = await failureOf({ ...options, invariants: [{ name: 'never', check: () => false }] });
  expect(message).toContain('seed 1 breaks: never\nthe check answered false');
  const late = await failureOf({ ...options, invariants: [{ name: 'later', check: async () => false }] });
  expect(late.message).toContain('seed 1 breaks: later');
});

test('a fault of a replay that cannot be read is told', async () => {
  const replay = { seed: 1, faults: ['dies-somewhere p1 2'] };
  await expect(simulate({ ...bank, workers: [CarefulWorker], replay })).rejects.toThrow(
    "found 'dies-somewhere p1 2'. Paste the list that the message printed",
  );
});

test('wrong options are told together', async () => {
  const wrong = {
    workers: [],
    seeds: -1,
    faults: { crash: true },
    colour: 'blue',
  } as unknown as SimulateOptions;
  const error = await simulate(wrong).catch((thrown: unknown) => String(thrown));
  for (const option of ['workers', 'events', 'seeds', 'faults', 'colour'])
    expect(error).toContain(`simulate(): ${option}`);
});
