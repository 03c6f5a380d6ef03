import type { TerminalStatus } from '../model/execution.js';
import type { ExecutionContext } from '../model/execution-context.js';
import { instanceIdOf, type RecurringPolicy } from '../model/keyed.js';
import { instantAfter, instantOfTick, instantsSince } from '../model/recurring-plan.js';
import { parseRecurringRecord, type RecurringRecord, type RecurringTick } from '../model/recurring-record.js';
import type { SchedulePolicy } from '../model/schedule.js';
import type { InstanceChange } from '../ports/store-write.js';
import type { StoredInstance } from '../ports/stored-instance.js';
import { callHandler } from '../step/call-method.js';
import type { Pass } from '../step/pass.js';
import type { Turn } from '../step/turn.js';
import { endTurn } from './end-turn.js';
import { recurringEvent } from './recurring-event.js';
import { RecurringTurnContext } from './recurring-turn-context.js';
import { InstanceState } from './instance-state.js';
import { turnVersion } from './turn-version.js';

/** One tick of a recurring job. However it ends, the commit that ends it arms the next one. */
export class RecurringTurn implements Turn {
  readonly instanceName: string;
  readonly state: InstanceState;
  readonly jobName: string;
  readonly runCount: number;
  /** The instant that it stands for. */
  readonly scheduledAt: number;
  /** The job that it is a tick of; null: that is no more. */
  private record: RecurringRecord | null;
  private readonly tick: RecurringTick;
  private readonly begunAt: number;
  private readonly next: SchedulePolicy['next'];
  private readonly isMissed: boolean;
  private input: unknown = null;
  private isLoaded = false;
  private end: { readonly reason: string | null } | null = null;

  constructor(
    private readonly pass: Pass,
    policy: RecurringPolicy,
    private readonly schedule: SchedulePolicy,
    instanceName: string,
    private found: StoredInstance | null,
  ) {
    const { record, services, handler } = pass;
    this.instanceName = instanceName;
    this.jobName = handler.id;
    this.tick = services.codec.decode(record.input) as RecurringTick;
    const stored = found === null ? null : parseRecurringRecord(found.state);
    this.record = stored?.made === this.tick.made && stored.stopped === null ? stored : null;
    this.begunAt = record.startedAt ?? services.clock.now();
    this.next = instantsSince(schedule, this.record?.startedAt ?? 0);
    const { at, missed } = this.tick.triggered
      ? { at: this.tick.scheduledAt, missed: false }
      : instantOfTick(this.next, schedule, this.tick.scheduledAt, this.begunAt);
    this.scheduledAt = at;
    this.isMissed = missed;
    this.runCount = (this.record?.runCount ?? 0) + 1;
    this.state = new InstanceState(services, instanceName, policy.state, this.record?.state ?? null);
  }

  load(): boolean | Promise<boolean> {
    this.isLoaded = true;
    if (this.record === null || this.isMissed) return false;
    this.input = this.pass.services.codec.decode(this.record.input);
    const opened = this.state.open();
    return opened instanceof Promise ? opened.then(() => true) : true;
  }

  resume(): boolean {
    return false;
  }

  async run(receiver: object, _tick: unknown, context: ExecutionContext): Promise<unknown> {
    const { services, handler } = this.pass;
    const own = new RecurringTurnContext(context, this);
    const value: unknown = await callHandler(services.host, receiver, handler.method, [this.input, own]);
    await this.state.settled();
    return value;
  }

  failed(): boolean {
    return false;
  }

  changeFor(status: 'parked' | TerminalStatus): InstanceChange | null {
    const { found, record, pass, instanceName, schedule } = this;
    if (found === null || record === null) return null;
    // Of those that the schedule has armed, one is always ahead or under way: any other that never began leaves it alone.
    if (!this.hasBegun(status) && record.ticks.armed !== pass.record.id) return null;
    const now = pass.services.clock.now();
    const version = turnVersion(pass);
    const common = { id: instanceName, expected: found.version, version };
    const after = this.recordAfter(record, status, now);
    if (this.end !== null) {
      const stopped = { at: now, reason: this.end.reason };
      return { ...common, state: JSON.stringify({ ...after, nextAt: null, stopped }), ahead: null };
    }
    // Triggered, or run again by hand: the one ahead stays, unless another schedule armed it.
    if (found.ahead !== null && record.timing === schedule.timing)
      return { ...common, state: JSON.stringify(after) };
    const nextAt = this.nextInstant(found.ahead === null, now);
    const event = nextAt === null ? null : this.arm(record, nextAt, version);
    const ticks = { ...record.ticks, armed: event?.executionId ?? null };
    const armed: RecurringRecord = { ...after, timing: schedule.timing, nextAt, ticks };
    return { ...common, state: JSON.stringify(armed), ahead: event };
  }

  /** A trigger writes to the job while its tick runs, or one that queued is cancelled: no other tick that had begun has ended since. */
  accepts(found: StoredInstance | null): boolean {
    const { record } = this;
    const now = found === null ? null : parseRecurringRecord(found.state);
    if (record === null || now === null || now.stopped !== null) return false;
    if (now.made !== record.made || now.version !== record.version || now.runCount !== record.runCount)
      return false;
    this.found = found;
    this.record = now;
    return true;
  }

  stored(): void {
    const { pass, isMissed, record, end } = this;
    if (end !== null && record !== null)
      pass.services.observer.emit({
        name: 'schedule.terminated',
        worker: pass.handler.worker,
        handler: pass.handler.method,
        instanceId: this.instanceId,
        reason: end.reason,
        runCount: this.runCount,
        at: pass.services.clock.now(),
      });
    if (!isMissed || record === null || !pass.services.observer.wants('schedule.skipped')) return;
    const { worker, method } = pass.handler;
    const at = pass.services.clock.now();
    const { scheduledAt } = this.tick;
    pass.services.observer.emit({
      name: 'schedule.skipped',
      reason: 'misfire',
      worker,
      handler: method,
      scheduledAt,
      at,
    });
  }

  get instanceId(): string {
    return instanceIdOf(this.pass.handler.worker, this.instanceName);
  }

  get isOver(): boolean {
    return this.pass.ended !== null;
  }

  /** The pass ends here: nothing that user code still does counts. */
  terminate(reason: string | null): void {
    if (endTurn(this.pass)) this.end = { reason };
  }

  /** A cancel lets a tick that queues past the gate: another one may be under way, and finds the job as it was. */
  private hasBegun(status: 'parked' | TerminalStatus): boolean {
    const { isUndoing, replay, record } = this.pass;
    return status !== 'cancelled' || this.isLoaded || isUndoing || replay !== null || record.attempt > 1;
  }

  private nextInstant(follows: boolean, now: number): number | null {
    if (!follows || this.tick.triggered) return this.next(now);
    // Cancelled before its instant: the next is the one after it.
    return instantAfter(this.next, this.schedule, { at: this.scheduledAt, begunAt: this.begunAt }, now);
  }

  private recordAfter(
    record: RecurringRecord,
    status: 'parked' | TerminalStatus,
    now: number,
  ): RecurringRecord {
    const { state, isMissed, scheduledAt, runCount } = this;
    const ran = isMissed || !this.hasBegun(status) ? {} : { runCount, lastAt: scheduledAt };
    const kept = status === 'completed' && state.isChanged;
    const changed = kept ? { state: state.encoded, version: record.version + 1 } : {};
    return { ...record, ...ran, ...changed, updatedAt: now };
  }

  private arm({ made }: RecurringRecord, at: number, seed: string): ReturnType<typeof recurringEvent> {
    const { pass, instanceName, schedule } = this;
    const { codec, random } = pass.services;
    const { handler, worker } = pass;
    const jitterMs = schedule.jitterMs === 0 ? 0 : Math.floor(schedule.jitterMs * random.next());
    const definition = { id: handler.id, fingerprint: worker.graph.fingerprint };
    const tick: RecurringTick = { scheduledAt: at, made, triggered: false };
    const parts = { definition, instanceName, priority: handler.priority, tick, dueAt: at + jitterMs };
    return recurringEvent(parts, codec, seed);
  }
}
