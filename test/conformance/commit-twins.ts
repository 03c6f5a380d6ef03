import { strict as assert } from 'node:assert';
import { memoryStore } from '../../lib/adapters/memory/memory-store.js';
import type { Checkpoint } from '../../lib/model/checkpoint.js';
import type { ExecutionRecord, MessageKind } from '../../lib/model/execution.js';
import type { EventId, ExecutionId, MessageId, ProcessId } from '../../lib/model/ids.js';
import type { Lease } from '../../lib/model/lease.js';
import type { Store } from '../../lib/ports/store.js';
import type {
  Delta,
  Gate,
  NewEvent,
  NewExecution,
  RecordChange,
  Verdict,
  Write,
} from '../../lib/ports/store-write.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';
import { withoutKeys } from './twins.js';

const CALLS = 150;
const definitions = [
  { id: 'w.a', fingerprint: 'f' },
  { id: 'w.a', fingerprint: 'g' },
  { id: 'w.b', fingerprint: 'f' },
];
const owners = ['p1', 'p2', 'p3'] as ProcessId[];
const kinds: readonly MessageKind[] = ['cancel', 'retry', 'event'];

/**
 * Whatever is called, in whatever groups, the store answers and keeps what the one in memory does: commits of one row, ends, turns,
 * retries, messages, claims by both of two processes, expired leases, and what is removed.
 */
export async function commitsAgree(seed: number, store: Store): Promise<void> {
  const scene = new Scene(seed, [memoryStore(), store]);
  await scene.run();
}

/** The same write as each store gets it: a lease has another key in each. */
type Twin = readonly Write[];

class Scene {
  private readonly clock = new ManualClock();
  private readonly ids: ExecutionId[] = [];
  /** Each as the stores name it. */
  private readonly leases: (readonly Lease[])[] = [];
  private last: readonly Twin[] = [];
  private readonly commitNos = new Map<string, number>();
  private readonly seen = new Map<ExecutionId, number>();
  private made = 0;
  private state: number;

  constructor(
    seed: number,
    private readonly stores: readonly Store[],
  ) {
    this.state = seed * 7_919 + 17;
  }

  async run(): Promise<void> {
    const context = { clock: this.clock, random: { next: () => 0.5 }, warn: () => undefined };
    for (const store of this.stores) await store.open(context);
    try {
      for (let call = 0; call < CALLS; call++) await this.step();
    } finally {
      for (const store of this.stores) await store.close();
    }
  }

  private async step(): Promise<void> {
    const roll = this.below(21);
    if (roll === 20) await this.wave();
    else if (roll < 11) await this.write();
    else if (roll < 15) await this.claim();
    else if (roll < 16) this.clock.advance(this.below(this.one([10, 40_000, 40_000, 700_000_000])));
    else if (roll < 18) await this.beat(this.one(owners));
    else if (roll === 18 && this.below(3) === 0) await this.pause();
    else if (roll < 19) await this.both((store, id) => store.leave(id), this.one(owners));
    else await this.prune();
    await this.compare();
  }

  private async claim(): Promise<void> {
    const ids = this.below(3) === 0 ? [this.id(), this.id()] : undefined;
    const limit = this.one([0, 1_000, 1_000]);
    const runnable = definitions.filter(() => this.below(5) > 0);
    const request = { owner: this.one(owners), runnable, limit, ...(ids && { ids }) };
    const leases: Lease[][] = [];
    await this.both(async (store, asked) => {
      const answer = await store.claim(asked);
      // The order among what has expired is a store's own, and so is what it knows of when a dead process was last alive.
      const claimed = answer.claimed.toSorted((a, b) => (a.record.id < b.record.id ? -1 : 1));
      leases.push(claimed.map(({ lease }) => lease));
      return { ...answer, claimed: claimed.map((each) => ({ ...each, dueSince: 0, lease: null })) };
    }, request);
    this.learn(leases);
  }

  private beat(id: ProcessId): Promise<unknown> {
    const process = { id, deployment: 'd', role: 'both', definitions } as const;
    const leaseMs = this.one([10, 5_000, 30_000, 60_000]);
    return this.both(async (store, given) => {
      const { owned, signals, liveProcesses } = await store.heartbeat(given, leaseMs);
      return [owned.map(({ id, fence }) => `${id} ${fence}`).sort(), [...signals].sort(), liveProcesses];
    }, process);
  }

  private pause(): Promise<unknown> {
    const isPaused = this.below(2) === 0;
    return this.both((store, id) => store.setPaused([id], isPaused), this.one(['w.a', 'w.b']));
  }

  private prune(): Promise<unknown> {
    const before = this.clock.now() - this.below(2) * 20_000;
    const request = { completedBefore: before, failedBefore: before, limit: 10_000 };
    return this.both(async (store, asked) => (await store.prune(asked)).more, request);
  }

  /** One group: a new one, or the last one again. */
  private async write(): Promise<void> {
    await this.send(this.below(6) > 0 ? await this.group() : this.last);
  }

  /** Executions of one kind that begin, store rows and end together, each time with other writes in their midst. */
  private async wave(): Promise<void> {
    const count = 2 + this.below(9);
    const owner = this.one(owners);
    const plain = { owner, priority: 0, dueAt: null, gate: null, definition: definitions[0] } as const;
    const begins = Array.from({ length: count }, (): Twin => {
      const event = this.event();
      const executions = event.executions.map((each) => ({ ...each, ...plain }) as NewExecution);
      return this.stores.map(() => ({
        kind: 'publish',
        events: [{ ...event, session: null, dedup: null, executions }],
      }));
    });
    const before = this.leases.length;
    await this.send(this.amidst(begins));
    // A publish that came twice has told its lease twice.
    const begun = [
      ...new Map(this.leases.slice(before).map((each) => [each[0]?.executionId, each])).values(),
    ];
    const rows = this.one([0, 1, 1, 2]);
    if (rows > 0) await this.send(this.amidst(begun.map((leases) => this.rowsOf(leases, rows))));
    const closing = this.below(3) === 0 ? 1 : 0;
    await this.send(this.amidst(begun.map((leases) => this.endOf(leases, closing))));
    if (this.below(2) === 0) await this.send(this.last);
  }

  private amidst(writes: readonly Twin[]): readonly Twin[] {
    const mixed = [...writes];
    for (let more = this.below(3); more > 0; more--) {
      const other = this.one([() => this.one(writes), () => this.append(), () => this.publish()])();
      mixed.splice(this.below(mixed.length + 1), 0, other);
    }
    return mixed;
  }

  private rowsOf(leases: readonly Lease[], count: number): Twin {
    const checkpoints = Array.from({ length: count }, () => this.row(0, 0));
    return this.plainCommit(leases, { checkpoints });
  }

  private endOf(leases: readonly Lease[], rows: number): Twin {
    const checkpoints = Array.from({ length: rows }, () => this.row(0, 0));
    const record: RecordChange = {
      status: 'completed',
      waitReason: null,
      timers: {},
      listening: this.below(4) === 0 ? ['retry'] : [],
      seenInboxSeq: 0,
      attempt: 1,
      epoch: 0,
      forget: [],
      value: this.one([null, null, '"v"', '"w"']),
      error: null,
    };
    return this.plainCommit(leases, { checkpoints, record });
  }

  private plainCommit(leases: readonly Lease[], given: Partial<Delta>): Twin {
    const { executionId, fence } = leases[0] as Lease;
    const known = `${executionId} ${fence}`;
    const commitNo = (this.commitNos.get(known) ?? 0) + 1;
    this.commitNos.set(known, commitNo);
    const delta: Delta = { commitNo, checkpoints: [], record: null, publish: null, release: [], ...given };
    return leases.map((lease) => ({ kind: 'commit', lease, delta }));
  }

  private async send(group: readonly Twin[]): Promise<void> {
    this.last = group;
    const leases: Lease[][] = [];
    await this.both(async (store, group) => {
      const writes = group.map((twin) => twin[this.stores.indexOf(store)] as Write);
      const verdicts = await store.write(writes);
      leases.push(verdicts.flatMap((verdict, i) => leasesOf(verdict, writes[i] as Write)));
      return verdicts.map(withoutKeys);
    }, this.last);
    this.learn(leases);
  }

  private async group(): Promise<readonly Twin[]> {
    const group: Twin[] = [];
    for (let rest = 1 + this.below(4); rest > 0; rest--) group.push(await this.oneWrite());
    return group;
  }

  private learn([first = [], second = []]: readonly (readonly Lease[])[]): void {
    for (const [i, lease] of first.entries()) this.leases.push([lease, second[i] as Lease]);
  }

  private async oneWrite(): Promise<Twin> {
    const roll = this.below(10);
    if (roll < 2) return this.append();
    const leases = roll < 4 || this.leases.length === 0 ? null : this.one(this.leases.slice(-6));
    if (leases !== null) return this.commit(leases);
    return this.publish();
  }

  private publish(): Twin {
    const events = [this.event()];
    return this.stores.map(() => ({ kind: 'publish', events }));
  }

  private append(): Twin {
    const kind = this.one(kinds);
    const message = { id: `m${this.below(60)}` as MessageId, to: this.id(), kind, body: null };
    return this.stores.map(() => ({ kind: 'append', message }));
  }

  private event(): NewEvent {
    const n = ++this.made;
    const definition = this.one(definitions);
    // Timers of one gate that one claim finds due pass it in an order of the store's own, but for those of one definition.
    const isGated = definition.id === 'w.b' && this.below(2) === 0;
    const execution = {
      id: `x${String(n).padStart(5, '0')}` as ExecutionId,
      definition,
      input: `"${n}"`,
      schemaHash: null,
      lane: this.one(['l1', 'l2']),
      priority: this.below(3),
      depth: 0,
      dueAt: this.below(4) === 0 ? this.clock.now() + this.below(9_000) : null,
      owner: this.below(3) === 0 ? this.one(owners) : null,
      gate: isGated ? this.gate() : null,
      listening: this.listening(),
    };
    this.ids.push(execution.id);
    const dedup = this.below(3) === 0 ? { hash: 'h', until: this.clock.now() + this.below(50_000) } : null;
    const id = (dedup === null ? `e${n}` : `explicit${this.below(6)}`) as EventId;
    return { id, name: 'e', session: this.one([null, null, 's1', 's2']), dedup, executions: [execution] };
  }

  private async commit(leases: readonly Lease[]): Promise<Twin> {
    const { executionId, fence } = leases[0] as Lease;
    const known = `${executionId} ${fence}`;
    const last = this.commitNos.get(known) ?? 0;
    const commitNo = last + 1;
    this.commitNos.set(known, commitNo);
    const [hasRow, hasChange] = this.one([
      [true, false],
      [true, false],
      [false, true],
      [true, true],
    ] as const);
    const record = await this.stores[0]?.read(executionId);
    const { turn = 0, epoch = 0 } = record ?? {};
    const delta: Delta = {
      commitNo,
      checkpoints: hasRow ? Array.from({ length: this.one([1, 1, 2]) }, () => this.row(turn, epoch)) : [],
      record: hasChange ? await this.change(executionId, record) : null,
      publish: this.below(8) === 0 ? { events: [this.event()] } : null,
      release: [],
    };
    return leases.map((lease) => ({ kind: 'commit', lease, delta }));
  }

  private gate(): Gate {
    const name = this.one(['g1', 'g2']);
    return { name, limit: 1 + this.below(3), untilEnd: name === 'g2' };
  }

  private row(turn: number, epoch: number): Checkpoint {
    const key = `k${this.below(8)}`;
    const [seq, now] = [++this.made, this.clock.now()];
    const times = { startedAt: now, endedAt: now, wakeAt: null };
    return {
      key,
      path: key,
      kind: 'completed',
      seq,
      turn,
      epoch,
      attempt: 1,
      value: '1',
      error: null,
      ...times,
    };
  }

  private async change(id: ExecutionId, stored: ExecutionRecord | null | undefined): Promise<RecordChange> {
    // What a pass has seen was there, and it never goes back.
    const before = Math.max(stored?.seenInboxSeq ?? 0, this.seen.get(id) ?? 0);
    const newest = (await this.stores[0]?.inbox(id, 0, 100))?.at(-1)?.seq ?? 0;
    const seen = this.below(2) === 0 ? Math.max(before, newest) : before;
    this.seen.set(id, seen);
    const status = this.one([
      'running',
      'pending',
      'waiting',
      'parked',
      'completed',
      'completed',
      'failed',
    ] as const);
    const timers = status === 'waiting' ? { t: this.clock.now() + this.below(9_000) } : {};
    const raised = status !== 'running' && this.below(3) === 0;
    return {
      status,
      waitReason: status === 'waiting' ? 'timer' : null,
      timers: timers as RecordChange['timers'],
      listening: this.listening(),
      seenInboxSeq: seen,
      attempt: 1 + this.below(3),
      epoch: (stored?.epoch ?? 0) + (raised ? 1 : 0),
      forget: raised ? [this.one(['k1', 'k2', 'k3'])] : [],
      value: status === 'completed' ? `"${this.made}"` : null,
      error: status === 'failed' ? '{}' : null,
      ...(this.below(5) === 0 && stored?.definition.id === 'w.a'
        ? { definition: this.one(definitions.slice(0, 2)) }
        : {}),
      ...(status === 'pending' && this.below(2) === 0
        ? { next: { event: 'next', input: '"n"', schemaHash: null } }
        : {}),
    };
  }

  private listening(): readonly MessageKind[] {
    return kinds.filter(() => this.below(2) === 0);
  }

  private async compare(): Promise<void> {
    // Timers that are due may be found at any time; a claim finds them.
    const nothing = { owner: this.one(owners), runnable: definitions, limit: 0 };
    await this.both((store, asked) => store.claim(asked), nothing);
    await this.both((store, asked) => store.claim(asked), {
      ...nothing,
      runnable: definitions.slice(this.below(2), 1 + this.below(2)),
    });
    await this.both((store) => store.list({ limit: 1_000 }), null);
    await this.both((store) => store.list({ limit: 1_000, session: 's1' }), null);
    for (const session of [undefined, 's1'])
      await this.both(
        async (store) => (await store.counts(session)).map((each) => JSON.stringify(each)).sort(),
        null,
      );
    await this.both(async (store) => [...(await store.openSessions(null, 10))].sort(), null);
    for (const id of this.ids.slice(-8)) {
      await this.both((store) => store.journal(id), null);
      await this.both((store) => store.inbox(id, 0, 100), null);
      await this.both((store) => store.read(id), null);
    }
  }

  /** What both answer to the same; throws where they differ. */
  private async both<Asked, Answer>(
    call: (store: Store, asked: Asked) => Promise<Answer>,
    asked: Asked,
  ): Promise<Answer> {
    const [expected, found] = [
      await call(this.stores[0] as Store, asked),
      await call(this.stores[1] as Store, asked),
    ];
    assert.deepEqual(found, expected, `after ${call.toString()} of ${JSON.stringify(asked)}`);
    return expected;
  }

  private id(): ExecutionId {
    return this.ids.length === 0 ? ('none' as ExecutionId) : this.one(this.ids.slice(-8));
  }

  private one<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)] as Item;
  }

  private below(limit: number): number {
    this.state = (Math.imul(this.state, 1_103_515_245) + 12_345) >>> 0;
    return (this.state >>> 12) % limit;
  }
}

/** Those of what was created running. */
function leasesOf(verdict: Verdict, write: Write): Lease[] {
  if (!('executions' in verdict)) return [];
  const made =
    write.kind === 'publish' ? write.events : write.kind === 'commit' ? write.delta.publish?.events : [];
  const owners = new Map(
    (made ?? []).flatMap((event) => event.executions.map(({ id, owner }) => [id, owner])),
  );
  return (verdict.executions ?? []).flatMap(({ executionId, key, leased }) => {
    const owner = owners.get(executionId) ?? null;
    return leased && key !== null && owner !== null ? [{ executionId, key, owner, fence: 1 }] : [];
  });
}
