import { alarmEvent } from '../../behaviours/alarm-event.js';
import { readState } from '../../behaviours/instance-state.js';
import type { Addressee } from '../../dispatch/publish-request.js';
import { type ActorRecord, parseActorRecord, type TurnNote } from '../../model/actor-record.js';
import type { WorkerDefinition } from '../../model/definition.js';
import { NotSubscribedError, WorkerError } from '../../model/errors-app.js';
import { OTHER_STORE } from '../../model/other-store.js';
import { ParkedError } from '../../model/errors-execution.js';
import { InstanceNotFoundError, SchedulerError } from '../../model/errors-instance.js';
import { type EventInput, familyRoute } from '../../model/event-source.js';
import type { ExecutionId } from '../../model/ids.js';
import type { TerminateOptions } from '../../model/instance-context.js';
import { type ActorPolicy, instanceName } from '../../model/keyed.js';
import { isApplied } from '../../ports/is-applied.js';
import type { NewEvent } from '../../ports/store-write.js';
import type { StoredInstance } from '../../ports/stored-instance.js';
import { noteOf } from '../../step/turn-row.js';
import { messageOf } from './actor-message.js';
import type { ActorStatus, SendOptions, SendResult } from './actor-types.js';
import { ExecutionHandle } from '../executions/execution-handle.js';
import { givenKey } from './given-key.js';
import type { InstanceSnapshot } from './instance-snapshot.js';
import type { Publishable } from '../publishing/publishable.js';
import type { AppPublisher } from '../publishing/app-publisher.js';
import type { WorkerAppParts } from '../parts/worker-app-parts.js';

/** The actors of one class, from this process: they run in any. Made by `app.actor(SomeActor)`. */
export class ActorHandle<Event = object, State = unknown> {
  /** @internal */
  constructor(
    private readonly parts: WorkerAppParts,
    private readonly publishing: AppPublisher,
    private readonly definition: WorkerDefinition,
    private readonly policy: ActorPolicy,
  ) {}

  /**
   * Sends a message to one actor, and to no other handler of its event. Resolves when it was handled and what that changed is stored, and
   * rejects with the error that it failed with for good when no `@OnError` took it; `{ wait: false }` resolves when it is stored.
   *
   * Throws `ConfigurationError` for options that cannot be, `InvalidEventError` for an event that is not valid or has no key: nothing is
   * stored then; `NotStartedError` before `start()`, `ExecutionStateError` inside an execution: publish the event there.
   *
   * @example
   * const { scheduledAt } = await app.actor(OrderProcess).send(OrderPlaced, { orderId: 'o-1', total: 50 });
   */
  send<Source extends Publishable>(
    event: Source,
    data: EventInput<Source>,
    options?: Omit<SendOptions<Event>, 'event'>,
  ): Promise<SendResult>;
  /** The same with an instance of an event class, a member of a union, or the data where the class takes one event only. */
  send(options: SendOptions<Event>): Promise<SendResult>;
  async send(...given: readonly unknown[]): Promise<SendResult> {
    const { args, key, waits } = messageOf(this.definition, given);
    if (waits) this.publishing.assertCanWait('send()');
    else this.publishing.assertOutside('send()');
    const to: Addressee = { worker: this.definition.id, method: null, key };
    const { accepted, executions } = await this.publishing.publishTo(to, args);
    const [gate] = accepted.executions.flatMap((execution) => execution.gate?.name ?? []);
    if (gate === undefined) throw this.notTaken(accepted.name);
    if (!waits) return { created: false, instanceId: gate, scheduledAt: null };
    await settled(executions);
    const found = await this.read(gate);
    const created = await this.createdBy(executions, found);
    return { created, instanceId: gate, scheduledAt: this.aheadOf(found) };
  }

  /**
   * Runs `@OnAlarm` of the actor now, after what it handles just now, instead of the alarm that is scheduled; false when there is no such
   * actor. Resolves and rejects as `send` does. Throws `SchedulerError` where the class has no `@OnAlarm`.
   */
  async trigger(
    id: string,
    options: { readonly wait?: boolean } = {},
  ): Promise<{ readonly triggered: boolean }> {
    const { wait = true } = options;
    if (wait) this.publishing.assertCanWait('trigger()');
    const { alarm } = this.policy;
    const name = this.nameOf('trigger()', id);
    if (alarm === null)
      throw new SchedulerError(
        `trigger() runs @OnAlarm, and ${this.definition.type.name} has none. Write @OnAlarm() on a method`,
      );
    const { codec, ids } = this.parts;
    const seed = ids.next();
    const definition = { id: alarm, fingerprint: this.definition.graph.fingerprint };
    const parts = { definition, instanceName: name, session: null, depth: 0, priority: 0, dueAt: null };
    const event = alarmEvent(parts, codec, seed);
    const isStored = await this.replaceAlarm(name, event);
    if (!isStored) return { triggered: false };
    this.parts.runtime.publisher.published([event]);
    if (wait)
      await settled(
        event.executions.map(
          (execution) => new ExecutionHandle(this.parts, execution.id, this.definition.id, null),
        ),
      );
    return { triggered: true };
  }

  /** How the actor stands; `not_found` when there is none. Inside an execution, ask in a step. */
  async status(id: string): Promise<ActorStatus> {
    const found = await this.read(this.nameOf('status()', id));
    if (found === null)
      return { status: 'not_found', scheduledAt: null, eventCount: 0, executeCount: 0, createdAt: null };
    const { eventCount, executeCount, createdAt } = parseActorRecord(found.state);
    const status = found.ahead === null ? 'idle' : 'active';
    return { status, scheduledAt: this.aheadOf(found), eventCount, executeCount, createdAt };
  }

  /** What the actor knows. Throws `InstanceNotFoundError`, and `InvalidStateError` for state that its schema refuses by now. */
  async getState(id: string): Promise<InstanceSnapshot<State>> {
    const name = this.nameOf('getState()', id);
    const found = await this.read(name);
    if (found === null) throw new InstanceNotFoundError(name);
    const { state: stored, version, createdAt, updatedAt } = parseActorRecord(found.state);
    const { states, codec, limits } = this.parts;
    const services = { states, codec, settings: { limits: limits() } };
    const state = await readState(services, name, this.policy.state, stored);
    return { state: state as State | null, version, createdAt, updatedAt, scheduledAt: this.aheadOf(found) };
  }

  /**
   * Ends the actor: what it knows and has scheduled is gone, what it handles just now and what waits for it is cancelled, also before
   * its first message has ended. Its id may be used anew. `terminated` is false when there was none of all that.
   */
  async terminate(
    id: string,
    { reason }: TerminateOptions = {},
  ): Promise<{ readonly terminated: boolean; readonly reason: string | null }> {
    const name = this.nameOf('terminate()', id);
    const told = { reason: reason ?? null };
    if (!(await this.delete(name))) return { terminated: false, ...told };
    const { runtime, bus, clock } = this.parts;
    runtime.changed();
    const worker = this.definition.id;
    bus.emit({
      name: 'actor.terminated',
      worker,
      instanceId: name,
      executionId: null,
      at: clock.now(),
      ...told,
    });
    return { terminated: true, ...told };
  }

  /** False: there is no such instance. One that changes meanwhile is read anew. */
  private async replaceAlarm(id: string, event: NewEvent): Promise<boolean> {
    const { runtime, ids } = this.parts;
    for (;;) {
      const found = await this.read(id);
      if (found === null) return false;
      const { version: expected, state } = found;
      const change = { id, expected, version: ids.next(), state, ahead: null };
      if (isApplied(await runtime.writer.write({ kind: 'instance', change, event, cancels: null })))
        return true;
    }
  }

  /** False: there was neither an instance nor a message to it. */
  private async delete(id: string): Promise<boolean> {
    const { runtime, ids } = this.parts;
    let meant: string | null = null;
    for (;;) {
      const found = await this.read(id);
      const createdBy = found === null ? null : parseActorRecord(found.state).createdBy;
      // Another one by now: that which was meant is gone, maybe with a write whose answer was lost.
      if (meant !== null && createdBy !== null && createdBy !== meant) return true;
      meant ??= createdBy;
      const change = { id, expected: found?.version ?? null, version: ids.next(), state: null };
      const verdict = await runtime.writer.write({ kind: 'instance', change, event: null, cancels: id });
      if (isApplied(verdict)) return meant !== null || (verdict.cancelled ?? 0) > 0;
    }
  }

  private async read(name: string): Promise<StoredInstance | null> {
    await this.parts.runtime.open();
    return this.parts.store.instance(name);
  }

  /** The next alarm; one that is due runs already. */
  private aheadOf(found: StoredInstance | null): number | null {
    const dueAt = found?.ahead?.dueAt ?? null;
    return dueAt !== null && dueAt > this.parts.clock.now() ? dueAt : null;
  }

  /** The instance says so; where it is gone, or another's by now, the journal of the turn. */
  private async createdBy(
    executions: readonly ExecutionHandle[],
    found: StoredInstance | null,
  ): Promise<boolean> {
    const record: ActorRecord | null = found === null ? null : parseActorRecord(found.state);
    for (const { id } of executions) {
      if (record?.createdBy === id) return true;
      const note = noteOf(await this.parts.store.journal(id as ExecutionId));
      if (note !== null && (JSON.parse(note) as TurnNote).created) return true;
    }
    return false;
  }

  private nameOf(call: string, id: unknown): string {
    this.parts.assertOpen(call);
    return instanceName('actor', this.definition.id, givenKey(call, id, 'id of the actor'));
  }

  private notTaken(event: string): NotSubscribedError {
    const { type, handlers } = this.definition;
    const taken = handlers.flatMap(({ routes }) => routes.map((route) => route.event));
    const isOpen = taken.some((each) => each.startsWith(familyRoute('')));
    if (!isOpen && !taken.includes(event))
      return new NotSubscribedError(
        `${type.name} has no @OnEvent for '${event}'. It takes ${taken.map((each) => `'${each}'`).join(', ')}`,
      );
    return new NotSubscribedError(
      `no method of ${this.definition.type.name} takes the event '${event}' just now: its \`when\` turned it down, or no process with the class has started on this store. ${OTHER_STORE}`,
    );
  }
}

/** Rejects with what a message failed with: one that is parked, with what it was parked for. */
async function settled(executions: readonly ExecutionHandle[]): Promise<void> {
  const ends = await Promise.allSettled(executions.map((execution) => execution.result()));
  const errors = ends.flatMap((end) => (end.status === 'rejected' ? [original(end.reason)] : []));
  if (errors.length > 1) throw new WorkerError(errors);
  if (errors.length === 1) throw errors[0];
}

function original(error: unknown): unknown {
  return error instanceof ParkedError ? error.cause : error;
}
