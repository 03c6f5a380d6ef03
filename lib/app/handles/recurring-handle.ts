import { recurringEvent } from '../../behaviours/recurring-event.js';
import { readState } from '../../behaviours/instance-state.js';
import { InstanceNotFoundError } from '../../model/errors-instance.js';
import type { ExecutionId, MessageId } from '../../model/ids.js';
import type { TerminateOptions } from '../../model/instance-context.js';
import { instanceIdOf, instanceName } from '../../model/keyed.js';
import { instantsSince } from '../../model/recurring-plan.js';
import { parseRecurringRecord, type RecurringRecord } from '../../model/recurring-record.js';
import { isApplied } from '../../ports/is-applied.js';
import type { InstanceChange, NewEvent } from '../../ports/store-write.js';
import type { StoredInstance } from '../../ports/stored-instance.js';
import { ExecutionHandle } from '../executions/execution-handle.js';
import { givenKey } from './given-key.js';
import type { InstanceSnapshot } from './instance-snapshot.js';
import { anything, optionMistakes, refuse } from '../options/option-checks.js';
import type { JobMethod } from './job-method.js';
import type {
  RecurringStart,
  RecurringStarted,
  RecurringStatus,
  RecurringTriggered,
} from './recurring-types.js';
import type { WorkerAppParts } from '../parts/worker-app-parts.js';

interface FoundJob {
  readonly name: string;
  readonly stored: StoredInstance;
  readonly record: RecurringRecord;
}

/** The jobs of one method, from this process: they run in any. Made by `app.recurring(SomeWorker, 'method')`. */
export class RecurringHandle<Input = unknown, State = unknown> {
  /** @internal */
  constructor(
    private readonly parts: WorkerAppParts,
    private readonly of: JobMethod,
  ) {}

  /**
   * Starts the job of that id, unless it runs already: then nothing changes, its input neither. Resolves when it is stored, before its
   * first tick has run. Inside an execution, call it in a step.
   *
   * Throws `UnstorableValueError` for an input that cannot be stored, `ConfigurationError` for an id that is no text.
   */
  async start(options: RecurringStart<Input>): Promise<RecurringStarted> {
    refuse(optionMistakes('start()', options, { id: anything, input: anything }, ['id']));
    const name = this.nameOf('start()', options.id);
    const { codec, clock, ids, store } = this.parts;
    const input = codec.encode(options.input);
    await this.parts.runtime.open();
    const made = ids.next();
    for (;;) {
      const found = await store.instance(name);
      const running = found === null ? null : parseRecurringRecord(found.state);
      // Its own: the answer to the write was lost, and a tick has ended since.
      const isOwn = running?.made === made;
      if (running?.stopped === null && !isOwn)
        return { created: false, instanceId: this.publicOf(name), status: 'running' };
      if (!isOwn) {
        const { record, ahead } = this.firstTick(name, made, input, clock.now());
        const state = JSON.stringify(record);
        const change = { id: name, expected: found?.version ?? null, version: ids.next(), state, ahead };
        if (!(await this.write(change, null, null))) continue;
        if (ahead !== null) this.parts.runtime.publisher.published([ahead]);
      }
      this.tell({ name: 'schedule.started', instanceId: this.publicOf(name) });
      return { created: true, instanceId: this.publicOf(name), status: 'running' };
    }
  }

  /**
   * Runs a tick now, whenever the next one is due: that one stays. A tick that runs just now is waited for; one that waits for its next
   * attempt is cancelled, and this one has all its attempts. `triggered` is false when there is no such job, or it has stopped. Resolves
   * when the tick is stored.
   */
  async trigger(id: string): Promise<RecurringTriggered> {
    const name = this.nameOf('trigger()', id);
    const { clock, ids, runtime, codec } = this.parts;
    // One tick, also where the answer to a write was lost and the job has changed since.
    const cause = ids.next();
    for (;;) {
      const job = await this.find(name);
      if (job === null || job.record.stopped !== null) return { triggered: false, execution: null };
      const { record } = job;
      const version = ids.next();
      const tick = { scheduledAt: clock.now(), made: record.made, triggered: true };
      const event = recurringEvent({ ...this.turnOf(name), tick, dueAt: null }, codec, cause);
      const state = JSON.stringify({ ...record, ticks: { ...record.ticks, triggered: event.executionId } });
      if (!(await this.write({ id: name, expected: job.stored.version, version, state }, event, null)))
        continue;
      runtime.publisher.published([event]);
      await this.cancelRetrying(record);
      const { handler, worker } = this.of;
      return {
        triggered: true,
        execution: new ExecutionHandle(this.parts, event.executionId, worker.id, handler.method),
      };
    }
  }

  /** How the job stands; `not_found` when there is none. Inside an execution, ask in a step. */
  async status(id: string): Promise<RecurringStatus> {
    const job = await this.find(this.nameOf('status()', id));
    if (job === null)
      return {
        status: 'not_found',
        runCount: 0,
        nextRunAt: null,
        lastRunAt: null,
        startedAt: null,
        stopReason: null,
      };
    const { runCount, nextAt, lastAt, startedAt, stopped } = job.record;
    return {
      status: stopped === null ? 'running' : 'stopped',
      runCount,
      nextRunAt: job.stored.ahead === null ? null : nextAt,
      lastRunAt: lastAt,
      startedAt,
      stopReason: stopped?.reason ?? null,
    };
  }

  /** What the job keeps. Throws `InstanceNotFoundError`, and `InvalidStateError` for state that its schema refuses by now. */
  async getState(id: string): Promise<InstanceSnapshot<State>> {
    const name = this.nameOf('getState()', id);
    const job = await this.find(name);
    if (job === null) throw new InstanceNotFoundError(name);
    const { states, codec, limits } = this.parts;
    const { state: stored, version, startedAt, updatedAt, nextAt } = job.record;
    const services = { states, codec, settings: { limits: limits() } };
    const state = await readState(services, name, this.of.policy.state, stored);
    const scheduledAt = job.stored.ahead === null ? null : nextAt;
    return { state: state as State | null, version, createdAt: startedAt, updatedAt, scheduledAt };
  }

  /**
   * Ends the job: what it keeps and the tick ahead are gone, a tick that runs just now is cancelled, and saves nothing. Its id may be
   * used anew. `terminated` is false when there was none.
   */
  async terminate(
    id: string,
    { reason }: TerminateOptions = {},
  ): Promise<{ readonly terminated: boolean; readonly reason: string | null }> {
    const name = this.nameOf('terminate()', id);
    const told = { reason: reason ?? null };
    let job = await this.find(name);
    if (job === null) return { terminated: false, ...told };
    let { record } = job;
    // Another one by now: that which was meant is gone, maybe with a write whose answer was lost.
    while (job?.record.made === record.made) {
      ({ record } = job);
      const change = { id: name, expected: job.stored.version, version: this.parts.ids.next(), state: null };
      if (await this.write(change, null, name)) break;
      job = await this.find(name);
    }
    this.parts.runtime.changed();
    // One that had ended itself has told so.
    const { stopped, runCount } = record;
    if (stopped === null)
      this.tell({ name: 'schedule.terminated', instanceId: this.publicOf(name), runCount, ...told });
    return { terminated: true, ...told };
  }

  private tell(
    what:
      | { readonly name: 'schedule.started'; readonly instanceId: string }
      | {
          readonly name: 'schedule.terminated';
          readonly instanceId: string;
          readonly reason: string | null;
          readonly runCount: number;
        },
  ): void {
    const { bus, clock } = this.parts;
    const { handler } = this.of;
    bus.emit({ ...what, worker: handler.worker, handler: handler.method, at: clock.now() });
  }

  private firstTick(
    name: string,
    made: string,
    input: string,
    now: number,
  ): { record: RecurringRecord; ahead: ReturnType<typeof recurringEvent> | null } {
    const { schedule } = this.of;
    const nextAt = schedule.startImmediately ? now : instantsSince(schedule, now)(now);
    const tick = { scheduledAt: nextAt ?? now, made, triggered: false };
    const ahead =
      nextAt === null
        ? null
        : recurringEvent({ ...this.turnOf(name), tick, dueAt: nextAt }, this.parts.codec, made);
    const record: RecurringRecord = {
      made,
      input,
      state: null,
      version: 0,
      runCount: 0,
      startedAt: now,
      updatedAt: now,
      lastAt: null,
      timing: schedule.timing,
      nextAt,
      ticks: { armed: ahead?.executionId ?? null, triggered: null },
      stopped: null,
    };
    return { record, ahead };
  }

  private turnOf(instanceName: string) {
    const { handler, worker } = this.of;
    const definition = { id: handler.id, fingerprint: worker.graph.fingerprint };
    return { definition, instanceName, priority: handler.priority };
  }

  /** What waits for its next attempt would hold up the tick that was asked for. */
  private async cancelRetrying({ ticks }: RecurringRecord): Promise<void> {
    const { store, runtime, ids } = this.parts;
    for (const tick of [ticks.armed, ticks.triggered]) {
      const record = tick === null ? null : await store.read(tick as ExecutionId);
      if (record?.status !== 'waiting' || record.waitReason !== 'retry') continue;
      const message = { id: ids.next() as MessageId, to: record.id, kind: 'cancel', body: null } as const;
      if (isApplied(await runtime.writer.write({ kind: 'append', message }))) runtime.messageSent(record.id);
    }
  }

  /** False: it is not as it was read any more. */
  private async write(
    change: InstanceChange,
    event: NewEvent | null,
    cancels: string | null,
  ): Promise<boolean> {
    return isApplied(await this.parts.runtime.writer.write({ kind: 'instance', change, event, cancels }));
  }

  private async find(name: string): Promise<FoundJob | null> {
    await this.parts.runtime.open();
    const stored = await this.parts.store.instance(name);
    return stored === null ? null : { name, stored, record: parseRecurringRecord(stored.state) };
  }

  private publicOf(name: string): string {
    return instanceIdOf(this.of.handler.worker, name);
  }

  private nameOf(call: string, id: unknown): string {
    this.parts.assertOpen(call);
    return instanceName('recurring', this.of.handler.id, givenKey(call, id, 'id of the job'));
  }
}
