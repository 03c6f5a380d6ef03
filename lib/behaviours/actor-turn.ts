import type { AlarmTime, ActorContext, TurnTrigger } from '../model/actor-context.js';
import { type ActorRecord, parseActorRecord, type TurnNote } from '../model/actor-record.js';
import type { Checkpoint } from '../model/checkpoint.js';
import { SchedulerError } from '../model/errors-instance.js';
import type { TerminalStatus } from '../model/execution.js';
import type { ExecutionContext } from '../model/execution-context.js';
import type { ActorPolicy } from '../model/keyed.js';
import type { LifecycleEvent } from '../model/lifecycle-event.js';
import type { InstanceChange, NewEvent } from '../ports/store-write.js';
import type { StoredInstance } from '../ports/stored-instance.js';
import { callHandler } from '../step/call-method.js';
import { attemptKey } from '../step/checkpoint-key.js';
import { NewRow } from '../step/new-row.js';
import type { Pass } from '../step/pass.js';
import type { PassEnd } from '../step/pass-end.js';
import { runBody } from '../step/run-body.js';
import type { Turn } from '../step/turn.js';
import { noteKey, turnPath } from '../step/turn-row.js';
import { alarmEvent } from './alarm-event.js';
import { alarmInstant } from './alarm-instant.js';
import { ActorTurnContext } from './actor-turn-context.js';
import { endTurn } from './end-turn.js';
import { decideAttempt } from './decide-attempt.js';
import { openRoot } from './handler.js';
import { InstanceState } from './instance-state.js';
import { turnVersion } from './turn-version.js';

/** One message or alarm of an actor. */
export class ActorTurn implements Turn {
  readonly instanceName: string;
  /** An actor's worker is its owner: both names are one. */
  readonly instanceId: string;
  readonly state: InstanceState;
  readonly record: ActorRecord | null;
  readonly eventCount: number;
  readonly executeCount: number;
  readonly createdAt: number;
  readonly isAlarm: boolean;
  /** Which method runs; what `@OnError` is told of it. */
  private phase: TurnTrigger;
  /** What this turn makes of the schedule; undefined: nothing. */
  private scheduled: { readonly at: number; readonly by: TurnTrigger | 'error' } | null | undefined;
  private end: { readonly reason: string | null } | null = null;

  constructor(
    readonly pass: Pass,
    private readonly policy: ActorPolicy,
    instanceName: string,
    private found: StoredInstance | null,
    private readonly journal: readonly Checkpoint[],
  ) {
    this.instanceName = this.instanceId = instanceName;
    const record = found === null ? null : parseActorRecord(found.state);
    this.record = record;
    this.isAlarm = pass.handler.id === policy.alarm;
    this.phase = this.isAlarm ? 'alarm' : 'event';
    this.eventCount = (record?.eventCount ?? 0) + (this.isAlarm ? 0 : 1);
    this.executeCount = (record?.executeCount ?? 0) + (this.isAlarm ? 1 : 0);
    this.createdAt = record?.createdAt ?? pass.record.createdAt;
    this.state = new InstanceState(pass.services, instanceName, policy.state, record?.state ?? null);
  }

  load(): boolean | Promise<boolean> {
    // Its actor was terminated when the alarm had begun already.
    if (this.isAlarm && this.record === null) return false;
    const opened = this.state.open();
    return opened instanceof Promise ? opened.then(() => true) : true;
  }

  resume(receiver: object): boolean {
    const failed = this.failedRow();
    if (failed === undefined) return false;
    const error = failed.error === null ? undefined : this.pass.services.codec.decodeFailure(failed.error);
    this.runOnError(receiver, error, failed.value as TurnTrigger);
    return true;
  }

  async run(receiver: object, event: unknown, context: ExecutionContext): Promise<unknown> {
    const { handler } = this.pass;
    const { idle } = this.policy;
    const own = this.contextOf(context, {});
    const value: unknown = await (this.isAlarm
      ? this.call(receiver, handler.method, own)
      : this.call(receiver, handler.method, event, own));
    await this.state.settled();
    if (idle === null || this.scheduledAt !== null || this.end !== null) return value;
    const idleReason = this.isAlarm ? 'alarm' : 'event';
    this.phase = 'idle';
    await this.call(receiver, idle, this.contextOf(context, { idleReason }));
    await this.state.settled();
    return value;
  }

  /** Only what no other attempt follows is for `@OnError`. */
  failed(receiver: object, error: unknown): boolean {
    const { pass, policy } = this;
    if (policy.error === null) return false;
    const decision = decideAttempt(pass, error);
    if (decision.kind === 'retry') {
      pass.end({ kind: 'threw', error, decision });
      return true;
    }
    const { record, services, handler } = pass;
    const path = turnPath(handler.method);
    const key = attemptKey(path, '', record.attempt);
    const row = new NewRow(pass, path, 'attempt', key, record.startedAt ?? record.createdAt, record.attempt);
    row.error = services.codec.encodeFailure(error);
    row.value = this.phase;
    pass.writes.holdOnce(row);
    this.runOnError(receiver, error, this.phase);
    return true;
  }

  changeFor(status: 'parked' | TerminalStatus): InstanceChange | null {
    const { found, instanceName, pass, scheduled } = this;
    if (status !== 'completed') return null;
    if (this.end !== null || found === null)
      this.note({ created: found === null, terminated: this.end !== null });
    if (this.end !== null && found === null) return null;
    const version = turnVersion(pass);
    const common = { id: instanceName, expected: found?.version ?? null, version };
    if (this.end !== null) return { ...common, state: null };
    const change = { ...common, state: JSON.stringify(this.recordAfter()) };
    if (scheduled === undefined) return change;
    return { ...change, ahead: scheduled === null ? null : this.alarmAt(scheduled.at) };
  }

  /** `trigger()` drops what was scheduled, and changes nothing that the turn was based on; its alarm comes afterwards. */
  accepts(found: StoredInstance | null): boolean {
    if (found === null || found.state !== this.found?.state) return false;
    this.found = found;
    return true;
  }

  stored(status: 'parked' | TerminalStatus): void {
    if (status !== 'completed') return;
    const { end, scheduled } = this;
    if (this.found === null) this.tell({ name: 'actor.started' });
    if (end !== null) this.tell({ name: 'actor.terminated', reason: end.reason });
    else if (scheduled != null)
      this.tell({ name: 'actor.scheduled', scheduledAt: scheduled.at, trigger: scheduled.by });
    else if (this.scheduledAt === null)
      this.tell({ name: 'actor.idle', reason: this.isAlarm ? 'alarm' : 'event' });
  }

  /** What is scheduled as the turn has it; null: nothing. */
  get scheduledAt(): number | null {
    if (this.scheduled !== undefined) return this.scheduled?.at ?? null;
    return this.found?.ahead?.dueAt ?? null;
  }

  schedule(when: AlarmTime, by: TurnTrigger | 'error'): void {
    const { handler, services } = this.pass;
    if (this.policy.alarm === null)
      throw new SchedulerError(
        `ctx.schedule() was called by ${handler.id}, and its class has no @OnAlarm: nothing could run then. Write @OnAlarm() on a method`,
      );
    this.scheduled = { at: alarmInstant(when, services.clock.now()), by };
  }

  cancelSchedule(): void {
    this.scheduled = null;
  }

  get isOver(): boolean {
    return this.pass.ended !== null;
  }

  /** The pass ends here: nothing that user code still does counts. */
  terminate(reason: string | null): void {
    if (endTurn(this.pass)) this.end = { reason };
  }

  private runOnError(receiver: object, error: unknown, errorSource: TurnTrigger): void {
    const { pass, policy } = this;
    const method = policy.error;
    if (method === null) return pass.end({ kind: 'parked', error });
    this.state.reset();
    this.scheduled = undefined;
    const frame = openRoot(pass, false, pass.record.startedAt ?? 0, method);
    const invoke = async (): Promise<void> => {
      await this.call(receiver, method, error, this.contextOf(frame.context, { errorSource }));
      await this.state.settled();
    };
    const end = (end: PassEnd): void => (pass.isClosing ? pass.scheduleCheck() : pass.end(end));
    runBody(
      frame,
      { timeoutMs: null, args: [error], invoke },
      {
        bodyReturned: () => end({ kind: 'completed', text: pass.services.codec.encode(undefined) }),
        bodyThrew: (failure) => end({ kind: 'parked', error: failure }),
      },
    );
  }

  /** The failure for which no other attempt follows, recorded by an earlier pass of this epoch. */
  private failedRow(): Checkpoint | undefined {
    const { handler, record } = this.pass;
    const path = turnPath(handler.method);
    return this.journal.find(
      (row) =>
        row.path === path && row.kind === 'attempt' && row.wakeAt === null && row.epoch === record.epoch,
    );
  }

  private call(receiver: object, method: string, ...args: readonly unknown[]): unknown {
    return callHandler(this.pass.services.host, receiver, method, args);
  }

  private contextOf(
    context: ExecutionContext,
    told: Partial<Pick<ActorContext, 'idleReason' | 'errorSource'>>,
  ): ActorContext {
    return new ActorTurnContext(context, this, told.idleReason ?? null, told.errorSource ?? null);
  }

  private recordAfter(): ActorRecord {
    const { record, state, eventCount, executeCount, createdAt, pass } = this;
    return {
      state: state.encoded,
      version: (record?.version ?? 0) + (state.isChanged ? 1 : 0),
      eventCount,
      executeCount,
      createdAt,
      updatedAt: pass.services.clock.now(),
      createdBy: record?.createdBy ?? pass.record.id,
    };
  }

  private alarmAt(dueAt: number): NewEvent {
    const { pass, instanceName, policy } = this;
    const { session, depth } = pass.record;
    const { handlers, graph } = pass.worker;
    const priority = handlers.find((handler) => handler.id === policy.alarm)?.priority ?? 0;
    const definition = { id: policy.alarm ?? '', fingerprint: graph.fingerprint };
    const alarm = { definition, instanceName, session, depth, priority, dueAt };
    return alarmEvent(alarm, pass.services.codec, turnVersion(pass));
  }

  private note(note: TurnNote): void {
    const { pass } = this;
    const path = turnPath(pass.handler.method);
    const { startedAt, createdAt, attempt } = pass.record;
    const key = noteKey(path, pass.lease.fence);
    const row = new NewRow(pass, path, 'started', key, startedAt ?? createdAt, attempt);
    row.value = JSON.stringify(note);
    pass.writes.holdOnce(row);
  }

  private tell(
    what:
      | { readonly name: 'actor.started' }
      | { readonly name: 'actor.terminated'; readonly reason: string | null }
      | {
          readonly name: 'actor.scheduled';
          readonly scheduledAt: number;
          readonly trigger: TurnTrigger | 'error';
        }
      | { readonly name: 'actor.idle'; readonly reason: 'event' | 'alarm' },
  ): void {
    const { record, worker, services } = this.pass;
    if (!services.observer.wants(what.name)) return;
    const at = services.clock.now();
    const where = { worker: worker.id, instanceId: this.instanceName };
    services.observer.emit({ ...what, ...where, executionId: record.id, at } satisfies LifecycleEvent);
  }
}
