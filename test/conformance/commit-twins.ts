import { strict as assert } from 'node:assert';
import { memoryStore } from '../../lib/adapters/memory/memory-store.js';
import type { Checkpoint } from '../../lib/model/checkpoint.js';
import type { MessageKind } from '../../lib/model/execution.js';
import type { EventId, ExecutionId, MessageId, ProcessId } from '../../lib/model/ids.js';
import type { Lease } from '../../lib/model/lease.js';
import type { Store } from '../../lib/ports/store.js';
import type { Delta, NewEvent, RecordChange, Write } from '../../lib/ports/store-write.js';
import { ManualClock } from '../../lib/testing/manual-clock.js';

const CALLS = 150;
const definitions = ['w.a', 'w.b'].map((id) => ({ id, fingerprint: 'f' }));
const owners = ['p1', 'p2'] as ProcessId[];
const kinds: readonly MessageKind[] = ['cancel', 'retry', 'event'];

/**
 * Whatever is called, in whatever groups, the store answers and keeps what the one in memory does: commits of one row, ends, turns,
 * retries, messages, claims by both of two processes, expired leases, and what is removed.
 */
export async function commitsAgree(seed: number, store: Store): Promise<void> {
  const scene = new Scene(seed, [memoryStore(), store]);
  await scene.run();
}

class Scene {
  private readonly clock = new ManualClock();
  private readonly ids: ExecutionId[] = [];
  private readonly leases: Lease[] = [];
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
    const roll = this.below(20);
    if (roll < 11) await this.both((store, writes) => store.write(writes), this.group());
    else if (roll < 15) await this.claim();
    else if (roll < 16) this.clock.advance(this.below(40_000));
    else if (roll < 18) await this.beat(this.one(owners));
    else if (roll < 19) await this.both((store, id) => store.leave(id), this.one(owners));
    else await this.prune();
    await this.compare();
  }

  private async claim(): Promise<void> {
    const ids = this.below(3) === 0 ? [this.id(), this.id()] : undefined;
    const request = { owner: this.one(owners), runnable: definitions, limit: 1_000, ...(ids && { ids }) };
    const { claimed } = await this.both(async (store, asked) => {
      const answer = await store.claim(asked);
      // The order among what has expired is a store's own, and so is what it knows of when a dead process was last alive.
      const claimed = answer.claimed.map((each) => ({ ...each, dueSince: 0 }));
      return { ...answer, claimed: claimed.toSorted((a, b) => a.lease.key - b.lease.key) };
    }, request);
    this.leases.push(...claimed.map(({ lease }) => lease));
  }

  private beat(id: ProcessId): Promise<unknown> {
    const process = { id, deployment: 'd', role: 'both', definitions } as const;
    return this.both(async (store, given) => {
      const { owned, signals, liveProcesses } = await store.heartbeat(given, 30_000);
      return [owned.map(({ id, fence }) => `${id} ${fence}`).sort(), [...signals].sort(), liveProcesses];
    }, process);
  }

  private prune(): Promise<unknown> {
    const before = this.clock.now() - this.below(2) * 20_000;
    const request = { completedBefore: before, failedBefore: before, limit: 10_000 };
    return this.both(async (store, asked) => (await store.prune(asked)).more, request);
  }

  private group(): readonly Write[] {
    return Array.from({ length: 1 + this.below(4) }, () => this.write());
  }

  private write(): Write {
    const roll = this.below(10);
    if (roll < 2) return { kind: 'publish', events: [this.event()] };
    if (roll < 4)
      return {
        kind: 'append',
        message: { id: `m${this.below(60)}` as MessageId, to: this.id(), kind: this.one(kinds), body: null },
      };
    const lease = this.leases.length === 0 ? null : this.one(this.leases.slice(-6));
    return lease === null ? { kind: 'publish', events: [this.event()] } : this.commit(lease);
  }

  private event(): NewEvent {
    const n = ++this.made;
    const execution = {
      id: `x${String(n).padStart(5, '0')}` as ExecutionId,
      definition: this.one(definitions),
      input: `"${n}"`,
      schemaHash: null,
      lane: this.one(['l1', 'l2']),
      priority: this.below(3),
      depth: 0,
      dueAt: this.below(4) === 0 ? this.clock.now() + this.below(9_000) : null,
      owner: this.below(3) === 0 ? this.one(owners) : null,
      gate: null,
      listening: this.listening(),
    };
    this.ids.push(execution.id);
    if (execution.owner !== null)
      this.leases.push({ executionId: execution.id, key: n, owner: execution.owner, fence: 1 });
    const dedup = this.below(3) === 0 ? { hash: 'h', until: this.clock.now() + 50_000 } : null;
    const id = (dedup === null ? `e${n}` : `explicit${this.below(6)}`) as EventId;
    return { id, name: 'e', session: this.one([null, null, 's1', 's2']), dedup, executions: [execution] };
  }

  private commit(lease: Lease): Write {
    const known = `${lease.executionId} ${lease.fence}`;
    const last = this.commitNos.get(known) ?? 0;
    const commitNo = this.below(6) === 0 ? Math.max(1, last) : last + 1;
    this.commitNos.set(known, Math.max(last, commitNo));
    const [hasRow, hasChange] = this.one([
      [true, false],
      [true, false],
      [false, true],
      [true, true],
    ] as const);
    const delta: Delta = {
      commitNo,
      checkpoints: hasRow ? [this.row(), ...(this.below(4) === 0 ? [this.row()] : [])] : [],
      record: hasChange ? this.change(lease.executionId) : null,
      publish: this.below(8) === 0 ? { events: [this.event()] } : null,
      release: [],
    };
    return { kind: 'commit', lease, delta };
  }

  private row(): Checkpoint {
    const key = `k${this.below(8)}`;
    const [seq, now] = [++this.made, this.clock.now()];
    const [turn, epoch] = [this.below(5) === 0 ? 1 : 0, this.below(5) === 0 ? 1 : 0];
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

  private change(id: ExecutionId): RecordChange {
    const seen = Math.max(this.seen.get(id) ?? 0, this.below(4));
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
    const epoch = this.below(2);
    return {
      status,
      waitReason: status === 'waiting' ? 'timer' : null,
      timers: timers as RecordChange['timers'],
      listening: this.listening(),
      seenInboxSeq: seen,
      attempt: 1 + this.below(3),
      epoch,
      forget: [],
      value: status === 'completed' ? `"${this.made}"` : null,
      error: status === 'failed' ? '{}' : null,
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
    for (const store of this.stores) await store.claim(nothing);
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
