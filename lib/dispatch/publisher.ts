import { createHash } from 'node:crypto';
import type { Definitions } from '../engine/definitions.js';
import type { GroupWriter } from '../engine/group-writer.js';
import { EventConflictError, InvalidEventError } from '../model/errors-event.js';
import { partsOfDefinition } from '../model/definition.js';
import type { ExecutionRecord } from '../model/execution.js';
import type { EventId, ExecutionId, ProcessId } from '../model/ids.js';
import type { Clock } from '../ports/clock.js';
import type { Codec } from '../ports/codec.js';
import type { Dispatcher } from '../ports/dispatcher.js';
import type { EventDefinition } from '../ports/event-checker.js';
import type { IdGenerator } from '../ports/id-generator.js';
import type { Observer } from '../ports/observer.js';
import type { NewEvent, NewExecution, PublishedExecution, Subscription } from '../ports/store.js';
import type { PassSettings, StepPublisher } from '../step/pass-services.js';
import type { Run } from '../engine/executor.js';
import type { Consumer, Reservation } from './consumer.js';
import { payloadHash } from './payload-hash.js';
import type { Subscriptions } from './subscriptions.js';

/** One event to publish; the app has resolved what the user passed. Instants are epoch ms. */
export interface PublishRequest {
  readonly definition: EventDefinition;
  readonly data: unknown;
  /** An id given by the user: idempotent within the session. */
  readonly id: string | null;
  /** Not before; null: now. */
  readonly dueAt: number | null;
  readonly session: string | null;
  readonly priority: number;
  readonly dispatcherOptions: Readonly<Record<string, unknown>> | null;
}

/** What became of one event. */
export interface Published {
  readonly eventId: EventId;
  readonly event: string;
  readonly executions: readonly PublishedExecution[];
  /** Passes that began in this process with the publish itself, by execution. */
  readonly runs: ReadonlyMap<ExecutionId, Run>;
}

export interface PublisherOptions {
  readonly clock: Clock;
  readonly codec: Codec;
  readonly ids: IdGenerator;
  readonly observer: Observer;
  readonly dispatcher: Dispatcher;
  readonly writer: GroupWriter;
  readonly consumer: Consumer;
  readonly subscriptions: Subscriptions;
  readonly definitions: Definitions;
  readonly owner: ProcessId;
  readonly settings: PassSettings;
  readonly dedupMs: () => number;
}

/** Events to store, and the slots of those that begin here. */
interface Reserved {
  readonly events: readonly NewEvent[];
  readonly slots: ReadonlyMap<ExecutionId, Reservation>;
}

/** Event in: checked, encoded, routed and stored in one write, and started here when there is room. */
export class Publisher implements StepPublisher {
  constructor(private readonly options: PublisherOptions) {}

  /** Accepts all events or none; resolves once they are stored. */
  async publish(requests: readonly PublishRequest[]): Promise<readonly Published[]> {
    if (this.mayMiss(requests)) await this.options.subscriptions.refresh();
    const events: NewEvent[] = [];
    for (const request of requests) {
      const prepared = this.prepareOne(request, this.newEventId(request), 0);
      events.push(prepared instanceof Promise ? await prepared : prepared);
    }
    const reserved = this.reserve(events, requests);
    const write = { kind: 'publish' as const, events: reserved.events };
    const verdict = await this.options.writer.write(write).catch((error: unknown) => {
      for (const slot of reserved.slots.values()) this.options.consumer.unreserve(slot);
      throw error;
    });
    if (verdict.verdict === 'rejected' || verdict.verdict === 'stale') {
      for (const slot of reserved.slots.values()) this.options.consumer.unreserve(slot);
      throw new EventConflictError(verdict.verdict === 'rejected' ? (verdict.eventId ?? '') : '');
    }
    return this.started(reserved, requests, verdict.executions ?? [], verdict.verdict === 'ok');
  }

  /** For a publish inside an execution: ids come from the seed, and the step's commit accepts the events. */
  async prepare(request: unknown, seed: string, depth: number): Promise<readonly NewEvent[]> {
    const requests = request as readonly PublishRequest[];
    if (this.mayMiss(requests)) await this.options.subscriptions.refresh();
    const events: NewEvent[] = [];
    for (const [at, each] of requests.entries()) {
      const id = each.id === null ? (hashed(['publish', seed, at]) as EventId) : (each.id as EventId);
      events.push(await this.prepareOne(each, id, depth));
    }
    return events;
  }

  published(events: readonly NewEvent[]): void {
    this.options.consumer.pull('hint');
    for (const event of events) {
      if (event.executions.length === 0) this.tellUnhandled(event.name, event.id);
      this.hint(event.executions.map((execution) => execution.id));
    }
  }

  private prepareOne(request: PublishRequest, id: EventId, depth: number): NewEvent | Promise<NewEvent> {
    const { definition, data } = request;
    const checked = definition.checker.check(data);
    if (checked instanceof Promise) return checked.then((late) => this.accept(request, late, id, depth));
    return this.accept(request, checked, id, depth);
  }

  private accept(
    request: PublishRequest,
    checked: Awaited<ReturnType<EventDefinition['checker']['check']>>,
    id: EventId,
    depth: number,
  ): NewEvent | Promise<NewEvent> {
    const { definition, session } = request;
    if (!checked.ok) throw new InvalidEventError(definition.name, checked.violations);
    const input = this.encode(definition.name, checked.data);
    const subscribed = this.options.subscriptions.of([definition.name, ...definition.families]);
    const takers = this.takers(subscribed, definition, input);
    const build = (subscriptions: readonly Subscription[]): NewEvent => ({
      id,
      name: definition.name,
      session,
      dedup:
        request.id === null
          ? null
          : {
              hash: payloadHash(definition.name, input),
              until: this.options.clock.now() + this.options.dedupMs(),
            },
      executions: subscriptions.map((subscription, at) =>
        this.execution(request, id, subscription, at, input, depth),
      ),
    });
    return takers instanceof Promise ? takers.then(build) : build(takers);
  }

  /** Leaves out handlers that are known here to turn the event down; the others decide in their first pass. */
  private takers(
    subscribed: readonly Subscription[],
    definition: EventDefinition,
    input: string,
  ): readonly Subscription[] | Promise<readonly Subscription[]> {
    const guards = subscribed.map((subscription) => {
      const handler = this.options.definitions.handler(subscription.definition.id)?.handler;
      return handler?.routes.find((route) => route.event === subscription.event)?.accepts ?? null;
    });
    if (guards.every((guard) => guard === null)) return subscribed;
    const event = definition.checker.restore(this.options.codec.decode(input));
    const answers = guards.map((guard) => (guard === null ? true : guard(event)));
    if (answers.some((answer) => answer instanceof Promise))
      return Promise.all(answers.map(async (answer) => answer)).then((late) =>
        subscribed.filter((_, at) => late[at] === true),
      );
    return subscribed.filter((_, at) => answers[at] === true);
  }

  private execution(
    request: PublishRequest,
    eventId: EventId,
    subscription: Subscription,
    at: number,
    input: string,
    depth: number,
  ): NewExecution {
    const { definition } = subscription;
    const id =
      request.id === null
        ? `${eventId}-${at}`
        : hashed(['execution', request.session, eventId, definition.id]);
    return {
      id: id as ExecutionId,
      definition,
      input,
      schemaHash: request.definition.checker.schemaHash,
      lane: request.session === null ? `d:${definition.id}` : `s:${request.session}`,
      priority: request.priority,
      depth,
      dueAt: request.dueAt,
      owner: null,
      listening: ['cancel'],
    };
  }

  /** Gives executions that can begin at once a slot and the lease of this process. */
  private reserve(events: readonly NewEvent[], requests: readonly PublishRequest[]): Reserved {
    const slots = new Map<ExecutionId, Reservation>();
    if (!this.options.dispatcher.local) return { events, slots };
    const reserved = events.map((event, at) => ({
      ...event,
      executions: event.executions.map((execution) => {
        const known = this.options.definitions.handler(execution.definition.id) !== null;
        if (!known || requests[at]?.dueAt != null) return execution;
        const slot = this.options.consumer.reserve(execution.id, execution.definition.id);
        if (slot === null) return execution;
        slots.set(execution.id, slot);
        return { ...execution, owner: this.options.owner };
      }),
    }));
    return { events: reserved, slots };
  }

  private started(
    { events, slots }: Reserved,
    requests: readonly PublishRequest[],
    executions: readonly PublishedExecution[],
    isNew: boolean,
  ): readonly Published[] {
    let needsPull = false;
    let next = 0;
    // Stored before, by a write whose answer was lost or by another publish of that id: it may be over by now.
    if (!isNew) this.options.consumer.reclaim([...slots.keys()]);
    return events.map((event, at) => {
      const runs = new Map<ExecutionId, Run>();
      const mine: PublishedExecution[] = [];
      while (next < executions.length && executions[next]?.eventId === event.id)
        mine.push(executions[next++] as PublishedExecution);
      for (const execution of event.executions) {
        const stored = mine.find((candidate) => candidate.executionId === execution.id);
        const slot = slots.get(execution.id);
        if (slot !== undefined) {
          const run =
            !isNew || stored === undefined || stored.duplicate || stored.key === null
              ? null
              : this.start(slot, event, execution, stored.key, stored.createdAt);
          if (run !== null) runs.set(execution.id, run);
          else if (isNew) this.options.consumer.unreserve(slot);
        } else if (execution.dueAt === null) needsPull = true;
        else this.options.consumer.wake(execution.dueAt);
        if (isNew && stored?.duplicate !== true) this.tellAccepted(event, execution);
      }
      if (needsPull) this.options.consumer.pull('hint');
      if (mine.length === 0) this.tellUnhandled(event.name, event.id);
      const hinted = event.executions
        .filter((execution) => execution.owner === null)
        .map((execution) => execution.id);
      this.hint(hinted, requests[at]?.dispatcherOptions ?? undefined);
      return { eventId: event.id, event: event.name, executions: mine, runs };
    });
  }

  private start(
    slot: Reservation,
    event: NewEvent,
    execution: NewExecution,
    key: number,
    createdAt: number,
  ): Run | null {
    const record: ExecutionRecord = {
      id: execution.id,
      definition: execution.definition,
      eventId: event.id,
      eventName: event.name,
      input: execution.input,
      schemaHash: execution.schemaHash,
      session: event.session,
      lane: execution.lane,
      priority: execution.priority,
      depth: execution.depth,
      status: 'running',
      waitReason: null,
      attempt: 1,
      turn: 0,
      epoch: 0,
      timers: {},
      listening: execution.listening,
      seenInboxSeq: 0,
      value: null,
      error: null,
      owner: this.options.owner,
      fence: 1,
      createdAt,
      startedAt: createdAt,
      endedAt: null,
    };
    const lease = { executionId: execution.id, key, owner: this.options.owner, fence: 1 };
    return this.options.consumer.startReserved(slot, { lease, record, journal: [], inbox: [], strikes: 0 });
  }

  private encode(name: string, data: unknown): string {
    let input: string;
    try {
      input = this.options.codec.encode(data);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      throw new InvalidEventError(name, [{ path: '', message }]);
    }
    const { eventBytes } = this.options.settings.limits;
    if (input.length * 3 > eventBytes && Buffer.byteLength(input) > eventBytes)
      throw new InvalidEventError(name, [
        {
          path: '',
          message: `has ${Buffer.byteLength(input)} bytes, more than limits.eventBytes (${eventBytes})`,
        },
      ]);
    return input;
  }

  private mayMiss(requests: readonly PublishRequest[]): boolean {
    return requests.some(({ definition }) => this.options.subscriptions.mayMiss(definition));
  }

  private newEventId(request: PublishRequest): EventId {
    return (request.id ?? this.options.ids.next()) as EventId;
  }

  private hint(ids: readonly ExecutionId[], options?: Readonly<Record<string, unknown>>): void {
    if (ids.length === 0 || this.options.dispatcher.local) return;
    const hints = ids.map((executionId) => ({ executionId, wakeSeq: 1 }));
    this.options.dispatcher.send(hints, options).catch((error: unknown) => {
      this.options.observer.emit({
        name: 'app.fault',
        task: 'send hints',
        error,
        at: this.options.clock.now(),
      });
    });
  }

  private tellAccepted(event: NewEvent, execution: NewExecution): void {
    if (!this.options.observer.wants('execution.accepted')) return;
    const { worker, method: handler } = partsOfDefinition(execution.definition.id);
    const { session, name } = event;
    const at = this.options.clock.now();
    this.options.observer.emit({
      name: 'execution.accepted',
      executionId: execution.id,
      worker,
      handler,
      session,
      event: name,
      at,
    });
  }

  private tellUnhandled(event: string, eventId: EventId): void {
    this.options.observer.emit({ name: 'event.unhandled', event, eventId, at: this.options.clock.now() });
  }
}

function hashed(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 32);
}
