import type { MessageKind, Timers } from '../../lib/model/execution.js';
import type { ExecutionId } from '../../lib/model/ids.js';
import type { Lease } from '../../lib/model/lease.js';
import type { Store } from '../../lib/ports/store.js';
import type { InstanceChange, RecordChange, Verdict, Write } from '../../lib/ports/store-write.js';
import { p1, p2, StoreDriver } from '../../lib/testing/conformance/store-driver.js';
import { SeededRandom } from '../../lib/testing/simulation/seeded-random.js';
import { agree, type Twins, withoutKeys } from './twins.js';

const rests: readonly RecordChange['status'][] = ['completed', 'failed', 'pending', 'parked', 'waiting'];
const kinds: readonly MessageKind[] = ['cancel', 'resume', 'retry', 'granted', 'event'];

/** The same calls to two stores. */
class GateTwins implements Twins {
  /** Leases as the first and the second store name them. */
  private readonly leases = new Map<ExecutionId, readonly Lease[]>();
  private readonly ids: ExecutionId[] = [];
  private versions = 0;

  constructor(
    private readonly drivers: readonly StoreDriver[],
    private readonly random: SeededRandom,
  ) {}

  /** What both answered to the next call. */
  async step(): Promise<readonly unknown[]> {
    const { random } = this;
    const leases = this.leases.size === 0 ? undefined : random.pick([...this.leases.values()]);
    const what = random.int(0, 13);
    if (what <= 2 || this.ids.length === 0) return this.publish();
    if (what <= 4) return this.claim();
    if (what === 5) return this.append();
    if (what === 6) return this.each((d) => d.store.leave(p2));
    if (what === 7) return this.pass();
    if (what >= 12) return (await this.instance()).map(withoutKeys);
    if (leases === undefined) return [];
    if (what <= 9) return this.acquire(leases);
    return (await this.commit(leases)).map(withoutKeys);
  }

  /** Everything that can be seen of both. */
  state(): Promise<readonly unknown[]> {
    return this.each(async (d) => ({
      records: await d.store.list({ limit: 1_000 }),
      instances: await Promise.all(['i', 'j'].map((id) => d.store.instance(id))),
      counts: (await d.store.counts()).map((count) => JSON.stringify(count)).toSorted(),
      signals: [...(await d.store.signals(p1))].toSorted(),
      inboxes: await Promise.all(
        this.ids.map(async (id) =>
          (await d.store.inbox(id, 0, 100)).map(({ kind, body, seq }) => [kind, body, seq]),
        ),
      ),
    }));
  }

  private each<T>(call: (d: StoreDriver, at: number) => Promise<T>): Promise<T[]> {
    return Promise.all(this.drivers.map(call));
  }

  private gate() {
    const name = this.random.pick(['a', 'b', 'c']);
    const limit = this.random.chance(0.9) ? name.charCodeAt(0) - 96 : this.random.int(0, 4);
    return { name, limit, untilEnd: this.random.chance(name === 'a' ? 0.95 : 0.1) };
  }

  /** A change of an instance, and what the first store says of it: half of the time it is as expected. */
  private async change(): Promise<(d: StoreDriver) => InstanceChange> {
    const { random } = this;
    const id = random.pick(['i', 'j']);
    const stored = (await this.drivers[0]?.store.instance(id))?.version ?? null;
    const expected = random.chance(0.8) ? stored : random.pick(['v0', null]);
    const version = random.chance(0.95) ? `v${++this.versions}` : `v${this.versions}`;
    const state = random.chance(0.8) ? `${this.versions}` : null;
    const over = { gate: random.chance(0.7) ? this.gate() : null };
    const delay = random.int(-5, 40);
    const ahead = (d: StoreDriver) => {
      const execution = d.execution({ ...over, dueAt: d.now + delay });
      if (d === this.drivers[0]) this.ids.push(execution.id);
      return d.event([execution]);
    };
    const which = random.int(0, 3);
    return (d) => ({
      id,
      expected,
      version,
      state,
      ...(which === 0 ? {} : { ahead: which === 1 ? null : ahead(d) }),
    });
  }

  private async instance(): Promise<readonly Verdict[]> {
    const change = await this.change();
    const cancels = this.random.chance(0.3) ? this.random.pick(['a', 'b']) : null;
    const over = this.random.chance(0.3) ? { gate: this.gate() } : null;
    return this.write((d) => ({
      kind: 'instance',
      change: change(d),
      event: over === null ? null : d.event([d.execution(over)]),
      cancels,
    }));
  }

  private async publish(): Promise<readonly unknown[]> {
    const { random } = this;
    const over = {
      gate: random.chance(0.8) ? this.gate() : null,
      owner: random.chance(0.5) ? random.pick([p1, p2]) : null,
      priority: random.int(0, 2),
    };
    const delay = over.owner === null && random.chance(0.2) ? random.int(1, 50) : null;
    const answers = await this.each(async (d) => {
      const execution = d.execution({ ...over, dueAt: delay === null ? null : d.now + delay });
      return d.published(await d.publishEvents(d.event([execution])));
    });
    const leases = answers.flatMap(([published]) =>
      published?.leased === true && over.owner !== null && published.key !== null
        ? [{ executionId: published.executionId, key: published.key, owner: over.owner, fence: 1 }]
        : [],
    );
    for (const [published] of answers.slice(0, 1)) {
      if (published !== undefined) this.ids.push(published.executionId);
      if (published !== undefined && leases.length === 2) this.leases.set(published.executionId, leases);
    }
    return answers.map((published) => published.map(({ key: _key, ...rest }) => rest));
  }

  private async claim(): Promise<readonly unknown[]> {
    const owner = this.random.pick([p1, p2]);
    if (this.random.chance(0.7)) await this.each((d) => d.beat(owner));
    const answers = await this.each((d) => d.claim({ owner }));
    const byId = answers.map(({ claimed }) =>
      claimed.toSorted((a, b) => (a.record.id < b.record.id ? -1 : 1)),
    );
    for (const [at, { lease }] of (byId[0] ?? []).entries()) {
      const other = byId[1]?.[at]?.lease;
      if (other !== undefined) this.leases.set(lease.executionId, [lease, other]);
    }
    return byId.map((claimed, at) => ({
      claimed: claimed.map(({ record, inbox }) => ({ record, inbox: inbox.length })),
      nextAt: answers[at]?.nextAt,
      more: answers[at]?.more,
    }));
  }

  private append(): Promise<readonly Verdict[]> {
    const id = this.random.pick(this.ids);
    const kind = this.random.pick(kinds);
    return this.each((d) => d.append(id, kind));
  }

  private acquire(leases: readonly Lease[]): Promise<readonly Verdict[]> {
    const holder = `h${this.random.int(0, 2)}`;
    const gate = this.gate();
    return this.write((_d, at) => ({ kind: 'acquire', lease: leases[at] as Lease, holder, gate }));
  }

  private async commit(leases: readonly Lease[]): Promise<readonly Verdict[]> {
    const { random } = this;
    const release = random.chance(0.3) ? [`h${random.int(0, 2)}`, `h${random.int(0, 2)}`] : [];
    const id = leases[0]?.executionId as ExecutionId;
    const messages = (await this.drivers[0]?.store.inbox(id, 0, 100)) ?? [];
    // It never goes back: no pass has unseen what an earlier one saw.
    const before = (await this.drivers[0]?.store.read(id))?.seenInboxSeq ?? 0;
    const seen = random.chance(0.5) ? Math.max(before, messages.at(-1)?.seq ?? 0) : before;
    const status = random.chance(0.3) ? 'running' : random.pick(rests);
    const change: Partial<RecordChange> = {
      status,
      listening: kinds.filter(() => random.chance(0.5)),
      seenInboxSeq: seen,
      ...(status === 'pending' && random.chance(0.3) ? { gate: this.gate() } : {}),
    };
    const wakes = status === 'waiting' && random.chance(0.5) ? random.int(-5, 50) : null;
    const wroteRecord = random.chance(0.8);
    const instance = random.chance(0.3) ? await this.change() : null;
    const verdicts = await this.write((d, at) => {
      const timers: Timers = wakes === null ? {} : { t: d.now + wakes };
      return d.delta(leases[at] as Lease, {
        release,
        ...(wroteRecord ? { record: { ...change, timers } } : {}),
        ...(instance === null ? {} : { instance: instance(d) }),
      });
    });
    return verdicts;
  }

  private async pass(): Promise<readonly unknown[]> {
    const ms = this.random.chance(0.1) ? this.random.int(0, 40_000) : this.random.int(0, 40);
    for (const d of this.drivers) d.clock.advance(ms);
    if (this.random.chance(0.7)) return [];
    return this.each((d) =>
      d.store.prune({ completedBefore: d.now - 20, failedBefore: d.now - 20, limit: 1_000 }),
    );
  }

  private write(make: (d: StoreDriver, at: number) => Write): Promise<readonly Verdict[]> {
    return this.each((d, at) => d.write(make(d, at)));
  }
}

/** Random calls of gates, permits and instances, to the store in memory and to another one. Closes both. */
export function gatesAgree(seed: number, other: Store): Promise<void> {
  const random = new SeededRandom(`twins ${seed}`);
  return agree(other, (drivers) => new GateTwins(drivers, random));
}
