import type { ExecutionId } from '../../lib/model/ids.js';
import type { Lease } from '../../lib/model/lease.js';
import type { Store } from '../../lib/ports/store.js';
import type { NewEvent, PublishedExecution, RecordChange, Verdict } from '../../lib/ports/store-write.js';
import { rule } from '../../lib/testing/conformance/collect-scene.js';
import { dayMs, eventId, p1, p2, StoreDriver } from '../../lib/testing/conformance/store-driver.js';
import { SeededRandom } from '../../lib/testing/simulation/seeded-random.js';
import { agree, type Twins, withoutKeys } from './twins.js';

const names = ['a', 'b'];
const rests: readonly RecordChange['status'][] = ['completed', 'failed', 'pending', 'parked', 'waiting'];

/** The same calls to two stores; what is accepted must be collected once, whatever is sent again. */
class BatchTwins implements Twins {
  private readonly leases = new Map<ExecutionId, readonly Lease[]>();
  private readonly ids: ExecutionId[] = [];
  private readonly sent: (readonly NewEvent[])[] = [];
  /** By item: who has it. */
  readonly accepted = new Map<string, ExecutionId>();
  private item = 0;

  constructor(
    private readonly drivers: readonly StoreDriver[],
    private readonly random: SeededRandom,
  ) {}

  async step(): Promise<readonly unknown[]> {
    const what = this.random.int(0, 11);
    if (what <= 4 || this.ids.length === 0) return this.publish();
    if (what === 5) return this.again();
    if (what <= 7) return this.claim();
    if (what === 8) return this.append();
    if (what === 9) return this.pass();
    return this.commit();
  }

  state(): Promise<readonly unknown[]> {
    return this.each(async (d) => ({
      records: await d.store.list({ limit: 1_000 }),
      open: await Promise.all(names.map((name) => d.store.batch(name))),
      inboxes: await Promise.all(
        this.ids.map(async (id) =>
          (await d.store.inbox(id, 0, 100)).map(({ kind, body, seq }) => [kind, body, seq]),
        ),
      ),
    }));
  }

  /** The items of everything stored, by execution. */
  async collected(): Promise<Map<string, ExecutionId>> {
    const found = new Map<string, ExecutionId>();
    const store = this.drivers[1]?.store;
    for (const id of this.ids)
      for (const { kind, body } of (await store?.inbox(id, 0, 1_000)) ?? []) {
        if (kind !== 'item' || body === null) continue;
        if (found.has(body)) throw new Error(`item ${body} is in two executions`);
        found.set(body, id);
      }
    return found;
  }

  private each<T>(call: (d: StoreDriver, at: number) => Promise<T>): Promise<T[]> {
    return Promise.all(this.drivers.map(call));
  }

  private event(): NewEvent {
    const { random } = this;
    const d = this.drivers[0] as StoreDriver;
    const name = random.pick(names);
    const explicit = random.chance(0.3);
    const id = `explicit-${random.int(0, 8)}`;
    const execution = d.execution({
      gate: random.chance(0.6) ? { name: `gate ${name}`, limit: 1 } : null,
      listening: ['cancel', 'flush'],
      collect: {
        ...rule,
        name,
        item: String(++this.item),
        flushAfterMs: random.int(0, 30),
        slides: random.chance(0.5),
        maxWaitMs: random.chance(0.5) ? random.int(0, 60) : null,
        most: random.int(1, 5),
      },
    });
    const executions = random.chance(0.2) ? [d.execution(), execution] : [execution];
    return explicit
      ? d.event(executions, { id: eventId(id), dedup: { hash: 'h', until: d.now + dayMs } })
      : d.event(executions);
  }

  private async publish(): Promise<readonly unknown[]> {
    const events = this.random.chance(0.2) ? [this.event(), this.event()] : [this.event()];
    this.sent.push(events);
    return this.send(events);
  }

  private again(): Promise<readonly unknown[]> {
    return this.send(this.random.pick(this.sent));
  }

  private async send(events: readonly NewEvent[]): Promise<readonly unknown[]> {
    const verdicts = await this.each((d) => d.publishEvents(...events));
    const answers = verdicts.map((verdict) => ({
      verdict: verdict.verdict,
      executions: this.drivers[0]?.published(verdict).map(({ key: _key, ...rest }) => rest) ?? [],
    }));
    for (const published of answers[0]?.executions ?? []) this.note(events, published);
    return answers;
  }

  private note(events: readonly NewEvent[], published: Omit<PublishedExecution, 'key'>): void {
    if (!this.ids.includes(published.executionId)) this.ids.push(published.executionId);
    if (published.duplicate || published.batch === undefined) return;
    for (const { collect } of events[published.eventIndex]?.executions ?? [])
      if (collect !== undefined) this.accepted.set(collect.item, published.executionId);
  }

  private async claim(): Promise<readonly unknown[]> {
    const owner = this.random.pick([p1, p2]);
    await this.each((d) => d.beat(owner));
    const answers = await this.each((d) => d.claim({ owner, limit: 2 }));
    for (const [at, { lease }] of (answers[0]?.claimed ?? []).entries()) {
      const other = answers[1]?.claimed[at]?.lease;
      if (other !== undefined) this.leases.set(lease.executionId, [lease, other]);
    }
    return answers.map(({ claimed, nextAt }) => ({
      claimed: claimed.map(({ record, inbox, batch }) => ({
        record,
        batch,
        inbox: inbox.map(({ seq }) => seq),
      })),
      nextAt,
    }));
  }

  private append(): Promise<readonly Verdict[]> {
    const id = this.random.pick(this.ids);
    const kind = this.random.chance(0.7) ? 'flush' : 'cancel';
    return this.each((d) => d.append(id, kind));
  }

  private async pass(): Promise<readonly unknown[]> {
    const ms = this.random.int(0, 20);
    for (const d of this.drivers) d.clock.advance(ms);
    return [];
  }

  private async commit(): Promise<readonly unknown[]> {
    const { random } = this;
    if (this.leases.size === 0) return [];
    const leases = random.pick([...this.leases.values()]);
    const id = leases[0]?.executionId as ExecutionId;
    const record = await this.drivers[0]?.store.read(id);
    const messages = (await this.drivers[0]?.store.inbox(id, 0, 100)) ?? [];
    const status = random.pick(rests);
    const seenInboxSeq = Math.max(record?.seenInboxSeq ?? 0, messages.at(-1)?.seq ?? 0);
    const publishes = random.chance(0.4) ? [this.event()] : null;
    const verdicts = await this.each((d, at) =>
      d.commit(leases[at] as Lease, {
        publish: publishes === null ? null : { events: publishes },
        record: { status, seenInboxSeq, timers: status === 'waiting' ? { t: d.now + 10 } : {} },
      }),
    );
    const [first] = verdicts;
    if (publishes !== null && first?.verdict === 'ok')
      for (const published of first.executions ?? []) this.note(publishes, published);
    return verdicts.map(withoutKeys);
  }
}

/**
 * Random calls around executions that collect events, to the store in memory and to another one: each accepted event is in
 * one of them. Closes both.
 */
export function batchesAgree(seed: number, other: Store): Promise<void> {
  const random = new SeededRandom(`batches ${seed}`);
  return agree(
    other,
    (drivers) => new BatchTwins(drivers, random),
    async (twins) => expect(await twins.collected()).toEqual(twins.accepted),
  );
}
