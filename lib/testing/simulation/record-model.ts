import type { Checkpoint } from '../../model/checkpoint.js';
import { isSettled, isTerminal } from '../../model/execution.js';
import type { ExecutionId, ProcessId } from '../../model/ids.js';
import type { ClaimedExecution, ClaimRequest } from '../../ports/store.js';
import type {
  AcquireWrite,
  AppendWrite,
  AwaitWrite,
  CommitWrite,
  InstanceWrite,
  NewEvent,
  NewExecution,
  RecordChange,
  ScheduleWrite,
  Verdict,
} from '../../ports/store-write.js';
import { BatchModel } from './batch-model.js';
import { FamilyModel } from './family-model.js';
import { GateModel } from './gate-model.js';
import { InstanceModel } from './instance-model.js';
import type { ModelRecord } from './model-record.js';
import { MailboxModel } from './mailbox-model.js';
import { ScheduleModel } from './schedule-model.js';

/** The wall clock as all see it, epoch ms. */
export interface ModelClock {
  now(): number;
  /** The latest instant that it has shown: what was due then is due, though the clock was set back. */
  latest(): number;
}

/**
 * The reference model of the store: what must follow from the calls that were applied, in order. It shares no code with
 * any store and keeps only what the rules are about.
 */
export class RecordModel {
  readonly records = new Map<ExecutionId, ModelRecord>();
  private readonly leases = new Map<ProcessId, number>();
  private readonly events = new Map<string, ExecutionId[]>();
  readonly mailboxes: MailboxModel;
  readonly schedules: ScheduleModel;
  readonly batches: BatchModel;
  readonly instances: InstanceModel;
  private readonly gates: GateModel;
  private readonly families = new FamilyModel((id) => this.records.get(id), {
    told: (parent) => this.told(parent, false),
    cancelled: (child) => this.told(child, true),
  });

  constructor(
    private readonly clock: ModelClock,
    private readonly violated: (rule: string, what: string) => void,
  ) {
    this.gates = new GateModel(violated);
    this.mailboxes = new MailboxModel(violated);
    this.schedules = new ScheduleModel(violated);
    this.batches = new BatchModel(violated);
    this.instances = new InstanceModel({
      isUnbegun: (id) => this.records.get(id)?.claims === 0,
      created: (event) => {
        for (const execution of event.executions) this.create(event, execution);
      },
      dropped: (id) => this.records.delete(id),
      violated,
    });
  }

  published(events: readonly NewEvent[], verdict: Verdict, now: number): void {
    if (verdict.verdict === 'rejected' && verdict.reason === 'mailbox-full')
      return this.mailboxes.refused(events, verdict.eventId, now);
    if (verdict.verdict !== 'ok' && verdict.verdict !== 'already') return;
    for (const [index, event] of events.entries()) {
      const name = event.dedup === null ? null : JSON.stringify([event.session, event.id]);
      const known = name === null ? undefined : this.events.get(name);
      const answered = (verdict.executions ?? [])
        .filter((each) => each.eventIndex === index)
        .map((each) => each.executionId);
      const expected = known ?? event.executions.map((each) => this.placeOf(each, now));
      if (JSON.stringify([...answered].sort()) !== JSON.stringify([...expected].sort()))
        this.violated(
          'I2',
          `event ${event.id} was answered with [${answered.join()}] instead of [${expected.join()}]`,
        );
      if (known !== undefined) continue;
      if (name !== null && (expected.length > 0 || event.mail !== undefined))
        this.events.set(name, [...expected]);
      for (const execution of event.executions)
        if (expected.includes(execution.id) && !this.records.has(execution.id)) {
          const leased = verdict.executions?.some((each) => each.executionId === execution.id && each.leased);
          this.create(event, leased === true ? execution : { ...execution, owner: null });
        }
      this.mailboxes.delivered(event, now);
    }
  }

  scheduled(write: ScheduleWrite, verdict: Verdict, now: number): void {
    if (this.schedules.written(write, verdict, now, this.clock.latest()) && write.event !== null)
      this.published([write.event], verdict, now);
  }

  committed({ lease, delta }: CommitWrite, verdict: Verdict, now: number): void {
    const record = this.records.get(lease.executionId);
    if (record === undefined)
      return this.violated(
        'I1',
        `a commit to ${lease.executionId}, which was never accepted, was ${verdict.verdict}`,
      );
    const mark = `${lease.fence}.${delta.commitNo}`;
    const isCurrent = record.fence === lease.fence && record.status === 'running';
    if (verdict.verdict === 'already' && !record.applied.has(mark))
      return this.violated('I3', `commit ${mark} of ${record.id} was answered 'already' but never applied`);
    if (verdict.verdict === 'stale' && isCurrent)
      return this.violated('I7', `commit ${mark} of ${record.id} was refused under the current fence`);
    if (verdict.verdict === 'rejected' && verdict.reason === 'mailbox-full')
      this.mailboxes.refused(delta.publish?.events ?? [], verdict.eventId, now);
    if (delta.instance !== undefined && isCurrent && !record.applied.has(mark))
      this.instances.committed(delta.instance, verdict);
    if (verdict.verdict !== 'ok') return;
    if (record.applied.has(mark)) this.violated('I3', `commit ${mark} of ${record.id} was applied twice`);
    if (!isCurrent)
      this.violated(
        'I7',
        `commit ${mark} of ${record.id} was accepted at fence ${record.fence}, status ${record.status}`,
      );
    record.applied.add(mark);
    for (const row of delta.checkpoints) this.insert(record, row, lease.fence);
    if (delta.publish !== null) this.published(delta.publish.events, verdict, now);
    for (const holder of delta.release) this.gates.released(record.id, holder);
    for (const withdrawal of delta.withdraw ?? []) {
      this.mailboxes.withdrawn(record, withdrawal, now);
      this.families.withdrawn(record.id, withdrawal.holder);
    }
    if (delta.record === null) return;
    const { status, timers, epoch, forget } = delta.record;
    for (const [name, { checkpoint }] of record.rows)
      if (checkpoint.epoch < epoch && forget.includes(checkpoint.key)) record.rows.delete(name);
    if (delta.record.next !== undefined) this.turned(record);
    const owner = status === 'running' ? record.owner : null;
    if (status !== 'running') this.rested(record, delta.record);
    if (isTerminal(status)) {
      record.cancelled = false;
      this.mailboxes.ended(record.id);
    }
    Object.assign(record, {
      status: verdict.due === true ? 'pending' : status,
      timers,
      epoch,
      owner,
      dueAt: null,
    });
    if (isTerminal(status) && verdict.due !== true) this.families.ended(record.id);
  }

  private turned(record: ModelRecord): void {
    record.turn++;
    record.rows.clear();
    this.mailboxes.turned(record.id);
    this.families.withdrawn(record.id, null);
  }

  /** A message of the store's own came. */
  private told(id: ExecutionId, isCancel: boolean): void {
    const record = this.records.get(id);
    if (record === undefined) return;
    record.messages++;
    if (isCancel && !isSettled(record.status)) record.cancelled = true;
  }

  instanced({ change, event, cancels }: InstanceWrite, verdict: Verdict, now: number): void {
    const isNew = this.instances.written(change, verdict);
    if (verdict.verdict !== 'ok' && verdict.verdict !== 'already') return;
    if (isNew && cancels !== null)
      // Those that hold a place or queue have a message now; which these are is not modelled.
      for (const record of this.records.values())
        if (record.gate === cancels && !isSettled(record.status)) record.messages++;
    if (event !== null) this.published([event], verdict, now);
  }

  acquired(write: AcquireWrite, verdict: Verdict): void {
    const { lease, holder } = write;
    const record = this.records.get(lease.executionId);
    const isCurrent = record?.fence === lease.fence && record.status === 'running';
    if (isCurrent !== (verdict.verdict === 'ok'))
      this.violated(
        'I7',
        `a permit for ${holder} of ${lease.executionId} was ${verdict.verdict} at fence ${lease.fence}`,
      );
    if (verdict.verdict !== 'ok') return;
    this.gates.asked(write, verdict.granted === true);
  }

  awaited(write: AwaitWrite, verdict: Verdict, now: number): void {
    const { lease, holder } = write;
    const record = this.records.get(lease.executionId);
    const isCurrent = record?.fence === lease.fence && record.status === 'running';
    if (isCurrent !== (verdict.verdict === 'ok'))
      this.violated(
        'I7',
        `a wait of ${holder} of ${lease.executionId} was ${verdict.verdict} at fence ${lease.fence}`,
      );
    if (record !== undefined && verdict.verdict === 'ok')
      this.mailboxes.asked(record, write, verdict.mail ?? null, now);
  }

  appended({ message }: AppendWrite, verdict: Verdict): void {
    const record = this.records.get(message.to);
    if (record === undefined || verdict.verdict !== 'ok') return;
    record.messages++;
    if (message.kind === 'cancel' && !isSettled(record.status)) record.cancelled = true;
    if (message.kind === 'cancel') this.batches.close(message.to);
    if (verdict.due === true) record.status = 'pending';
  }

  claimed(request: ClaimRequest, work: ClaimedExecution): void {
    const { lease, record: answered, journal, inbox } = work;
    const record = this.records.get(lease.executionId);
    if (record === undefined)
      return this.violated('I1', `${lease.executionId} was claimed, but never accepted`);
    const isGranted = inbox.some(({ kind }) => kind === 'granted' || kind === 'event' || kind === 'child');
    this.checkMayBeClaimed(record, request, isGranted);
    this.batches.claimed(record.id, work.batch);
    if (lease.fence !== record.fence + 1)
      this.violated('I5', `the claim of ${record.id} has fence ${lease.fence} after ${record.fence}`);
    if (answered.epoch !== record.epoch)
      this.violated('I3', `the claim of ${record.id} has epoch ${answered.epoch}, not ${record.epoch}`);
    if (answered.turn !== record.turn)
      this.violated('I3', `the claim of ${record.id} has turn ${answered.turn}, not ${record.turn}`);
    const found = new Map(journal.map((row) => [nameOf(row), row]));
    for (const [name, { checkpoint }] of record.rows) {
      const row = found.get(name);
      if (row === undefined) this.violated('I3', `the claim of ${record.id} lacks the stored row ${name}`);
      else if (
        row.value !== checkpoint.value ||
        row.error !== checkpoint.error ||
        row.kind !== checkpoint.kind ||
        row.seq !== checkpoint.seq
      )
        this.violated('I3', `the stored row ${name} of ${record.id} has changed`);
    }
    if (found.size !== record.rows.size)
      this.violated('I3', `the claim of ${record.id} has ${found.size} rows instead of ${record.rows.size}`);
    Object.assign(record, {
      status: 'running',
      mustEnd: record.cancelled,
      fence: lease.fence,
      owner: request.owner,
      claims: record.claims + 1,
    });
    if (record.gate === null) return;
    const isCancelled = answered.listening.includes('cancel') && inbox.some(({ kind }) => kind === 'cancel');
    this.gates.runs(record.gate, record.id, isCancelled);
  }

  renewed(owner: ProcessId, until: number): void {
    this.leases.set(owner, until);
  }

  left(owner: ProcessId): void {
    this.leases.delete(owner);
  }

  /** Whether nobody may take what the process owns. */
  isLive(owner: ProcessId): boolean {
    return (this.leases.get(owner) ?? 0) > this.clock.now();
  }

  /** The execution that the event is of: the one that collects it, or its own. */
  private placeOf(execution: NewExecution, now: number): ExecutionId {
    const { id, collect } = execution;
    return collect === undefined ? id : this.batches.collected(execution, collect, now, this.clock.latest());
  }

  private create(event: NewEvent, execution: NewExecution): void {
    const { id, definition, owner, dueAt, gate } = execution;
    if (gate !== null) this.gates.named(gate);
    this.records.set(id, {
      id,
      definition: definition.id,
      event,
      lastMail: this.mailboxes.lastNumber,
      status: owner === null ? 'pending' : 'running',
      fence: owner === null ? 0 : 1,
      owner,
      timers: {},
      dueAt,
      turn: 0,
      epoch: 0,
      gate: gate === null ? null : gate.name,
      claims: owner === null ? 0 : 1,
      messages: 0,
      cancelled: false,
      mustEnd: false,
      rows: new Map(),
      applied: new Set(),
    });
    if (execution.parent !== undefined) this.families.born(id, execution.parent);
    if (gate !== null && owner !== null) this.gates.runs(gate.name, id);
  }

  private rested(record: ModelRecord, change: RecordChange): void {
    const { status, gate } = change;
    this.gates.gaveBack(record.id, change);
    if (record.gate !== null) this.gates.rests(record.gate, record.id, status === 'waiting');
    if (status !== 'pending' || gate === undefined) return;
    this.gates.named(gate);
    record.gate = gate.name;
  }

  private insert(record: ModelRecord, row: Checkpoint, fence: number): void {
    const name = nameOf(row);
    if (record.rows.has(name)) this.violated('I3', `row ${name} of ${record.id} was stored a second time`);
    record.rows.set(name, { checkpoint: row, fence });
  }

  private checkMayBeClaimed(record: ModelRecord, request: ClaimRequest, isGranted: boolean): void {
    const now = this.clock.latest();
    if (record.status === 'running') {
      const mine =
        record.owner === request.owner &&
        request.own?.some(({ id, fence }) => id === record.id && fence === record.fence) === true;
      if (!mine && record.owner !== null && this.isLive(record.owner))
        this.violated('I6', `${record.id} was taken from ${record.owner}, whose lease lasts`);
    } else if (record.messages > 0 || isGranted) return;
    else if (record.status === 'parked') this.violated('I17', `${record.id} is parked and was claimed`);
    else if (isTerminal(record.status))
      this.violated('I3', `${record.id} is ${record.status} and was claimed`);
    else if ((this.batches.dueAt(record.id) ?? 0) > now)
      this.violated('I9', `${record.id} was claimed before its events were due`);
    else if (record.dueAt !== null && record.dueAt > now)
      this.violated('I9', `${record.id} was claimed before it was due`);
    else if (record.status === 'waiting' && Math.min(...Object.values(record.timers)) > now)
      this.violated('I9', `${record.id} was claimed before its timer`);
  }
}

function nameOf({ turn, epoch, key }: Checkpoint): string {
  return `${turn}.${epoch}.${key}`;
}
