import { strict as assert } from 'node:assert';
import { systemClock } from '../../adapters/system/system-clock.js';
import type { Checkpoint } from '../../model/checkpoint.js';
import type { DefinitionRef, ExecutionRecord, MessageKind } from '../../model/execution.js';
import type { EventId, ExecutionId, MessageId, ProcessId } from '../../model/ids.js';
import type { Lease } from '../../model/lease.js';
import type { ClaimAnswer, ClaimedExecution, ClaimRequest, ProcessRecord, Store } from '../../ports/store.js';
import type {
  Delta,
  Gate,
  Message,
  NewEvent,
  NewExecution,
  PublishedExecution,
  RecordChange,
  Verdict,
  Write,
} from '../../ports/store-write.js';
import type { ManualClock } from '../manual-clock.js';
import type { StoreHarness } from './store-harness.js';

export const orders: DefinitionRef = { id: 'orders.fulfil', fingerprint: 'f1' };
export const mails: DefinitionRef = { id: 'mails.send', fingerprint: 'f1' };

/** How long the leases of `p1` and `p2` last from the start of a case. */
export const leaseMs = 30_000;
export const dayMs = 24 * 60 * 60 * 1_000;

export const processId = (text: string): ProcessId => text as ProcessId;
export const executionId = (text: string): ExecutionId => text as ExecutionId;
export const eventId = (text: string): EventId => text as EventId;
const messageId = (text: string): MessageId => text as MessageId;

export const p1 = processId('p1');
export const p2 = processId('p2');

type DeltaParts = Partial<Omit<Delta, 'record'>> & { readonly record?: Partial<RecordChange> };

/** Says in few words what a case does to a store. Two processes, `p1` and `p2`, are alive at its start. */
export class StoreDriver {
  store: Store;
  readonly clock: ManualClock;
  private made = 0;
  private readonly commitNos = new Map<string, number>();

  private constructor(readonly harness: StoreHarness) {
    this.store = harness.store;
    this.clock = harness.clock;
  }

  static async start(harness: StoreHarness): Promise<StoreDriver> {
    const driver = new StoreDriver(harness);
    await driver.beat(p1);
    await driver.beat(p2);
    return driver;
  }

  get now(): number {
    return this.clock.now();
  }

  process(id: ProcessId, over: Partial<ProcessRecord> = {}): ProcessRecord {
    return { id, deployment: 'd1', role: 'both', definitions: [orders, mails], ...over };
  }

  async beat(id: ProcessId, ms = leaseMs): Promise<void> {
    await this.store.heartbeat(this.process(id), ms);
  }

  execution(over: Partial<NewExecution> = {}): NewExecution {
    return {
      id: executionId(`x-${String(++this.made).padStart(6, '0')}`),
      definition: orders,
      input: '{"n":1}',
      schemaHash: null,
      lane: over.definition?.id ?? orders.id,
      priority: 0,
      depth: 0,
      dueAt: null,
      owner: null,
      gate: null,
      listening: ['cancel'],
      ...over,
    };
  }

  event(executions: readonly NewExecution[], over: Partial<NewEvent> = {}): NewEvent {
    const id = eventId(`e-${String(++this.made).padStart(6, '0')}`);
    return { id, name: 'order.placed', session: null, dedup: null, executions, ...over };
  }

  /** An event under an explicit id, with one execution. */
  explicit(
    id: string,
    over: Partial<NewEvent> & { readonly hash?: string; readonly until?: number } = {},
  ): NewEvent {
    const { hash = 'h1', until = this.now + 7 * dayMs, ...rest } = over;
    return this.event([this.execution()], { id: eventId(id), dedup: { hash, until }, ...rest });
  }

  async write(write: Write): Promise<Verdict> {
    const verdicts = await this.store.write([write]);
    assert.equal(verdicts.length, 1, 'one verdict per write');
    return verdicts[0] as Verdict;
  }

  publishEvents(...events: NewEvent[]): Promise<Verdict> {
    return this.write({ kind: 'publish', events });
  }

  /** Publishes one event with one execution, which is accepted; answers its id. */
  async publish(over: Partial<NewExecution> = {}, event: Partial<NewEvent> = {}): Promise<ExecutionId> {
    const execution = this.execution(over);
    this.is(await this.publishEvents(this.event([execution], event)), 'ok');
    return execution.id;
  }

  /** Publishes one execution that is created running, leased to `owner`. */
  async run(over: Partial<NewExecution> = {}, event: Partial<NewEvent> = {}): Promise<Lease> {
    const execution = this.execution({ owner: p1, ...over });
    const published = this.published(await this.publishEvents(this.event([execution], event)));
    const key = published[0]?.key ?? null;
    assert.notEqual(key, null, 'an execution created with an owner has a key');
    return { executionId: execution.id, key: key as number, owner: execution.owner as ProcessId, fence: 1 };
  }

  published(verdict: Verdict): readonly PublishedExecution[] {
    assert.ok(
      verdict.verdict === 'ok' || verdict.verdict === 'already',
      `published: ${JSON.stringify(verdict)}`,
    );
    assert.ok(verdict.executions !== undefined, 'a publish answers its executions');
    // As data: of which class they are is a store's own affair.
    return verdict.executions.map((execution) => ({ ...execution }));
  }

  claim(request: Partial<ClaimRequest> = {}): Promise<ClaimAnswer> {
    return this.store.claim({ owner: p1, runnable: [orders, mails], limit: 100, ...request });
  }

  async claimedIds(request: Partial<ClaimRequest> = {}): Promise<readonly ExecutionId[]> {
    return (await this.claim(request)).claimed.map(({ lease }) => lease.executionId);
  }

  /** Claims exactly one execution. */
  async claimOne(request: Partial<ClaimRequest> = {}): Promise<ClaimedExecution> {
    const { claimed } = await this.claim(request);
    assert.equal(claimed.length, 1, `one execution is due, found ${claimed.length}`);
    return claimed[0] as ClaimedExecution;
  }

  /** A commit under the lease with the next number, unless one is given. */
  delta(lease: Lease, { record, ...parts }: DeltaParts): Write {
    const known = `${lease.executionId}\n${lease.fence}`;
    const commitNo = parts.commitNo ?? (this.commitNos.get(known) ?? 0) + 1;
    this.commitNos.set(known, commitNo);
    const change = record === undefined ? null : this.change(record);
    return {
      kind: 'commit',
      lease,
      delta: { checkpoints: [], publish: null, release: [], ...parts, commitNo, record: change },
    };
  }

  commit(lease: Lease, parts: DeltaParts): Promise<Verdict> {
    return this.write(this.delta(lease, parts));
  }

  change(over: Partial<RecordChange>): RecordChange {
    return {
      status: 'running',
      waitReason: null,
      timers: {},
      listening: ['cancel'],
      seenInboxSeq: 0,
      attempt: 1,
      epoch: 0,
      forget: [],
      value: null,
      error: null,
      ...over,
    };
  }

  /** The key of a result is its path, as in the engine; other rows have a path that is not their key, so that a store has to keep both. */
  checkpoint(key: string, over: Partial<Checkpoint> = {}): Checkpoint {
    const { kind = 'completed' } = over;
    return {
      key,
      path: kind === 'completed' ? key : `fulfil/${key}`,
      kind,
      seq: 1,
      turn: 0,
      epoch: 0,
      attempt: 1,
      value: `"${key}"`,
      error: null,
      wakeAt: null,
      startedAt: this.now,
      endedAt: this.now,
      ...over,
    };
  }

  /** Asks for a permit; answers whether it was granted. */
  async acquire(lease: Lease, holder: string, gate: Gate): Promise<boolean> {
    const verdict = await this.write({ kind: 'acquire', lease, holder, gate });
    this.is(verdict, 'ok');
    const granted = verdict.verdict === 'ok' ? verdict.granted : undefined;
    assert.ok(granted !== undefined, 'an acquire answers whether the permit is granted');
    return granted;
  }

  /** The instant of the next place of a rate. */
  async reserve(bucket: string, limit: number, perMs: number): Promise<number> {
    const verdict = await this.write({ kind: 'reserve', bucket, limit, perMs });
    this.is(verdict, 'ok');
    const at = verdict.verdict === 'ok' ? verdict.at : undefined;
    assert.ok(at !== undefined, 'a reservation answers an instant');
    return at;
  }

  message(to: ExecutionId, kind: MessageKind, id = `m-${++this.made}`, body: string | null = null): Message {
    return { id: messageId(id), to, kind, body };
  }

  append(to: ExecutionId, kind: MessageKind, id?: string, body?: string): Promise<Verdict> {
    return this.write({ kind: 'append', message: this.message(to, kind, id, body) });
  }

  async record(id: ExecutionId): Promise<ExecutionRecord> {
    const record = await this.store.read(id);
    assert.ok(record !== null, `execution ${id} is stored`);
    return record;
  }

  async journalKeys(id: ExecutionId): Promise<readonly string[]> {
    return (await this.store.journal(id)).map(({ key }) => key);
  }

  is(verdict: Verdict, expected: Verdict['verdict'], reason?: string): void {
    assert.equal(verdict.verdict, expected, `verdict ${JSON.stringify(verdict)}`);
    if (reason !== undefined) assert.equal(verdict.verdict === 'rejected' ? verdict.reason : null, reason);
  }

  /** Waits until `happened`, letting virtual time, the event loop and real time pass, for at most about 3 s. */
  async eventually(happened: () => boolean | Promise<boolean>, what: string): Promise<void> {
    for (let round = 0; round < 300; round++) {
      if (await happened()) return;
      await this.breathe(round < 20 ? 0 : 10);
      this.clock.advance(10);
    }
    assert.fail(`it never came to be that ${what}`);
  }

  /** Lets the event loop turn, or real time pass. */
  breathe(realMs = 0): Promise<void> {
    return new Promise((resolve) => {
      if (realMs === 0) systemClock.soon(resolve);
      else systemClock.setTimer(realMs, resolve);
    });
  }
}
