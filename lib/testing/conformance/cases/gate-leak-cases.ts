import { strict as assert } from 'node:assert';
import { isTerminal, type Timers } from '../../../model/execution.js';
import type { ExecutionId } from '../../../model/ids.js';
import type { Lease } from '../../../model/lease.js';
import type { RecordChange } from '../../../ports/store-write.js';
import { processId, type StoreDriver } from '../store-driver.js';
import { storeCaseGroup } from '../store-case.js';
import { end } from './gate-scene.js';

/** The same numbers for each run, whatever their order of use. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const gates = [1, 2, 3].map((limit) => ({ name: `g${limit}`, limit }));
const owners = ['r1', 'r2', 'r3'].map(processId);

const rests: readonly Partial<RecordChange>[] = [
  { status: 'completed' },
  { status: 'failed', error: '1' },
  { status: 'pending' },
  { status: 'waiting', waitReason: 'gate', listening: ['cancel', 'granted'] },
  { status: 'waiting', waitReason: 'event', listening: ['cancel', 'event'] },
  { status: 'parked', error: '1', listening: ['cancel', 'resume'] },
];

/** Processes that do at random what processes do, and die. */
class Crowd {
  readonly leases = new Map<ExecutionId, Lease>();
  readonly ids: ExecutionId[] = [];

  constructor(
    private readonly d: StoreDriver,
    private readonly draw: (below: number) => number,
  ) {}

  async step(): Promise<void> {
    const { d, draw } = this;
    const gate = gates[draw(gates.length)] as (typeof gates)[number];
    const owner = owners[draw(owners.length)] as (typeof owners)[number];
    const lease = [...this.leases.values()][draw(this.leases.size)];
    const what = draw(10);
    if (what === 0) await d.store.leave(owner);
    else if (what === 1 || lease === undefined) await this.publish(gate, draw(2) === 0 ? owner : null);
    else if (what <= 3) await this.take(owner);
    else if (what <= 5) await d.write({ kind: 'acquire', lease, holder: `h${draw(3)}`, gate });
    else if (what === 6) await d.commit(lease, { release: [`h${draw(3)}`] });
    else if (what === 7) await this.message();
    else {
      const record = rests[draw(rests.length)] as Partial<RecordChange>;
      const seenInboxSeq = draw(2) === 0 ? 0 : 1_000;
      const timers: Timers = record.status === 'waiting' && draw(2) === 0 ? { t: d.now + draw(50) } : {};
      await d.commit(lease, {
        record: { ...record, seenInboxSeq: Math.min(seenInboxSeq, await this.seen(lease)), timers },
      });
      this.leases.delete(lease.executionId);
    }
    d.clock.advance(draw(10));
    if (draw(4) === 0) await d.beat(owner);
  }

  async take(owner: Lease['owner']): Promise<number> {
    const { claimed } = await this.d.claim({ owner, limit: 3 });
    for (const { lease } of claimed) this.leases.set(lease.executionId, lease);
    return claimed.length;
  }

  private async publish(gate: (typeof gates)[number], owner: Lease['owner'] | null): Promise<void> {
    const execution = this.d.execution({
      owner,
      gate: this.draw(3) === 0 ? null : gate,
      priority: this.draw(3),
    });
    const [published] = this.d.published(await this.d.publishEvents(this.d.event([execution])));
    this.ids.push(execution.id);
    if (owner === null || published?.leased !== true || published.key === null) return;
    this.leases.set(execution.id, { executionId: execution.id, key: published.key, owner, fence: 1 });
  }

  private async message(): Promise<void> {
    const id = this.ids[this.draw(this.ids.length)];
    if (id !== undefined) await this.d.append(id, 'event');
  }

  private async seen({ executionId }: Lease): Promise<number> {
    return (await this.d.store.inbox(executionId, 0, 1_000)).at(-1)?.seq ?? 0;
  }
}

/** Never more than the limit are pending or running behind one gate. */
async function checkAdmitted(d: StoreDriver): Promise<void> {
  const admitted = new Map<string, number>();
  for (const status of ['pending', 'running'] as const)
    for (const { gate } of await d.store.list({ status, limit: 10_000 }))
      if (gate !== null) admitted.set(gate, (admitted.get(gate) ?? 0) + 1);
  for (const { name, limit } of gates) {
    const count = admitted.get(name) ?? 0;
    assert.ok(count <= limit, `${count} are admitted to ${name}, which takes ${limit}`);
  }
}

/** Ends whatever has not ended, through all its gates. */
async function endAll(d: StoreDriver, crowd: Crowd): Promise<void> {
  for (const id of crowd.ids) {
    await d.append(id, 'event');
    await d.append(id, 'resume');
    // It may wait for a permit for which it does not queue.
    if ((await d.record(id)).listening.includes('granted')) await d.append(id, 'cancel');
  }
  d.clock.advance(100);
  for (const owner of owners) await d.store.leave(owner);
  for (;;) {
    const { claimed } = await d.claim({ limit: 100 });
    if (claimed.length === 0) return;
    for (const { lease, inbox } of claimed) {
      const seenInboxSeq = inbox.at(-1)?.seq ?? 0;
      d.is(await d.commit(lease, { record: { status: 'completed', seenInboxSeq, listening: [] } }), 'ok');
    }
  }
}

export const gateLeakCases = storeCaseGroup(
  'gates never leak',
  new Map<string, (d: StoreDriver) => Promise<void>>(
    [1, 2, 3, 4].map((seed) => [
      `after 250 random calls and deaths every place is free again (${seed})`,
      async (d) => {
        const crowd = new Crowd(d, numbers(seed));
        for (let i = 0; i < 250; i++) {
          await crowd.step();
          if (i % 25 === 0) await checkAdmitted(d);
        }
        await endAll(d, crowd);
        for (const id of crowd.ids) assert.ok(isTerminal((await d.record(id)).status), `${id} has ended`);
        for (const gate of gates) {
          const leases: Lease[] = [];
          for (let i = 0; i < gate.limit; i++) leases.push(await d.run({ gate }));
          const lease = leases[0] as Lease;
          for (let i = 0; i < gate.limit; i++) assert.ok(await d.acquire(lease, `${i}`, gate), gate.name);
          assert.equal(await d.acquire(lease, 'too many', gate), false);
          for (const each of leases) await end(d, each);
        }
      },
    ]),
  ),
);

export const gateFairnessCases = storeCaseGroup(
  'gates are fair',
  new Map<string, (d: StoreDriver) => Promise<void>>([
    [
      'a key with thousands due does not starve a key with a hundred: claims alternate',
      async (d) => {
        const execution = (key: string) => d.execution({ lane: key, gate: { name: key, limit: 10 } });
        for (let i = 0; i < 3; i++)
          await d.publishEvents(...Array.from({ length: 1_000 }, () => d.event([execution('hot')])));
        await d.publishEvents(...Array.from({ length: 100 }, () => d.event([execution('cold')])));
        const lanes: string[] = [];
        for (let i = 0; i < 100; i++) {
          const { lease, record } = await d.claimOne({ limit: 1 });
          lanes.push(record.lane);
          await end(d, lease);
        }
        assert.equal(lanes.filter((lane) => lane === 'cold').length, 50);
        for (let i = 1; i < lanes.length; i++) assert.notEqual(lanes[i], lanes[i - 1], `claim ${i}`);
      },
    ],
  ]),
);
