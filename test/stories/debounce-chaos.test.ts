import { Debounce, type DebounceContext, defineEvent, Retry, sleep, Step, Worker } from 'holdfast';
import { crashMatrix, type SimulationEnd, simulate } from 'holdfast/testing';
import { z } from 'zod';

const Changed = defineEvent('contact.changed', z.object({ contactId: z.string(), n: z.number() }));
type Changed = { readonly contactId: string; readonly n: number };

@Worker('contacts')
class Contacts {
  @Debounce(Changed, { key: 'contactId', flushAfter: '300ms', maxEvents: 3 })
  @Retry({ maxAttempts: 50 })
  async windows(events: Changed[], { eventCount }: DebounceContext) {
    for (const { n } of events) await this.save(n);
    await sleep('1s');
    return eventCount === events.length ? events.map(({ n }) => n) : [];
  }

  @Debounce(Changed, {
    key: ({ contactId }) => contactId,
    flushAfter: '500ms',
    mode: 'trailing',
    maxWait: '2s',
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

const count = 12;
const events = Array.from(
  { length: count },
  (_, n) => [Changed, { contactId: n % 2 === 0 ? 'a' : 'b', n }] as const,
);

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
      workers: [Contacts],
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
