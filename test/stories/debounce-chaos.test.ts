import {
  Debounce,
  type DebounceContext,
  defineEvent,
  Inject,
  OnEvent,
  Retry,
  sleep,
  Step,
  Worker,
  WORKER_APP,
  WorkerApp,
} from 'holdfast';
import { crashMatrix, type SimulationEnd, simulate } from 'holdfast/testing';
import { z } from 'zod';

const Changed = defineEvent('contact.changed', z.object({ contactId: z.string(), n: z.number() }));
type Changed = { readonly contactId: string; readonly n: number };

@Worker('contacts')
class Contacts {
  @Debounce(Changed, { key: 'contactId', flushAfter: '2s', maxEvents: 3 })
  @Retry({ maxAttempts: 50 })
  async windows(events: Changed[], { eventCount }: DebounceContext) {
    for (const { n } of events) await this.save(n);
    await sleep('1s');
    return eventCount === events.length ? events.map(({ n }) => n) : [];
  }

  @Debounce(Changed, {
    key: ({ contactId }) => contactId,
    flushAfter: '1s',
    mode: 'trailing',
    maxWait: '4s',
  })
  async trailing(events: Changed[]) {
    await this.save(events.length);
    return events.map(({ n }) => n);
  }

  @Step()
  async save(n: number) {
    return n;
  }
}

const Fed = defineEvent('fed', z.object({ from: z.number() }));

/** Publishes two changes: from within an execution, so that its commit accepts them. */
@Worker('feeder')
class Feeder {
  constructor(@Inject(WORKER_APP) private readonly app: WorkerApp) {}

  @OnEvent(Fed)
  async feed({ from }: { from: number }) {
    for (const n of [from, from + 1]) await this.app.publish(Changed, change(n));
  }
}

const change = (n: number) => ({ contactId: n % 2 === 0 ? 'a' : 'b', n });
const count = 12;
const events = [
  ...[0, 1, 2, 3].map((n) => [Changed, change(n)] as const),
  ...[4, 6, 8, 10].map((from) => [Fed, { from }] as const),
];

/** Every event in one batch of each method, that of its own key, in the order in which they came. */
function inOneBatchEach({ executions }: SimulationEnd): void {
  for (const handler of ['windows', 'trailing']) {
    const batches = executions
      .filter((each) => each.handler === handler && each.status === 'completed')
      .map(({ value }) => value as readonly number[]);
    expect(batches.flat().toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, n) => n));
    for (const batch of batches) expect(new Set(batch.map((n) => n % 2)).size).toBe(1);
  }
}

describe('G12 · an accepted event is in exactly one batch', () => {
  it('whatever crashes, stands still, is lost, doubled or late', async () => {
    const { failures } = await simulate({
      workers: [Contacts, Feeder],
      events,
      seeds: 40,
      invariants: [inOneBatchEach],
    });
    expect(failures).toEqual([]);
  }, 120_000);

  it('and a crash at any boundary of its run changes nothing', async () => {
    const report = await crashMatrix(Contacts, [Changed, { contactId: 'a', n: 1 }]);
    expect(report.problems).toEqual([]);
  });
});
