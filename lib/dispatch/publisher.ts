import type { Definitions } from '../engine/definitions.js';
import type { GroupWriter } from '../engine/group-writer.js';
import { EventConflictError } from '../model/errors-event.js';
import { partsOfDefinition } from '../model/definition.js';
import type { ExecutionRecord, Timers } from '../model/execution.js';
import type { EventId, ExecutionId, ProcessId } from '../model/ids.js';
import { instanceIdOf } from '../model/keyed.js';
import type { Clock } from '../ports/clock.js';
import type { Dispatcher } from '../ports/dispatcher.js';
import type { IdGenerator } from '../ports/id-generator.js';
import type { Observer } from '../ports/observer.js';
import type { NewEvent, NewExecution, PublishedExecution } from '../ports/store-write.js';
import { isApplied } from '../ports/is-applied.js';
import { refusalOf } from '../step/publish-call.js';
import type { HandlerStarter, StepPublisher } from '../step/pass-services.js';
import type { Run } from '../engine/work.js';
import { derivedId } from '../step/derived-id.js';
import type { Consumer } from './consumer.js';
import type { Slot } from './consumer-options.js';
import type { Hinter } from './hinter.js';
import type { EventPreparer, Prepared, PreparedEvent } from './event-preparer.js';
import type { PublishRequest } from './publish-request.js';
import type { Subscriptions } from './subscriptions.js';

const nothing: readonly never[] = Object.freeze([]);
const noTimers: Timers = Object.freeze({});

/** What became of one event. */
export interface Published {
  readonly eventId: EventId;
  readonly event: string;
  /** As it was prepared: a duplicate was accepted as an earlier one. */
  readonly accepted: NewEvent;
  readonly executions: readonly PublishedExecution[];
  /** The pass of each of the executions that began in this process with the publish itself; null for the others. */
  readonly runs: readonly (Run | null)[];
}

export interface PublisherOptions {
  readonly clock: Clock;
  readonly preparer: EventPreparer;
  readonly handlers: HandlerStarter;
  readonly ids: IdGenerator;
  readonly observer: Observer;
  readonly dispatcher: Dispatcher;
  readonly hinter: Hinter;
  readonly writer: GroupWriter;
  readonly consumer: Consumer;
  readonly subscriptions: Subscriptions;
  readonly definitions: Definitions;
  readonly owner: ProcessId;
}

/** Event in: checked, encoded, routed and stored in one write, and started here when there is room. */
export class Publisher implements StepPublisher {
  /** Events of steps that no handler takes, until their commit is told. */
  private readonly unhandled = new WeakSet<NewEvent>();

  constructor(private readonly options: PublisherOptions) {}

  get handlers(): HandlerStarter {
    return this.options.handlers;
  }

  /** Accepts all events or none; resolves once they are stored. */
  async publish(requests: readonly PublishRequest[]): Promise<readonly Published[]> {
    if (this.mayMiss(requests)) await this.options.subscriptions.refresh();
    const prepared: Prepared[] = [];
    for (const request of requests) {
      const each = this.options.preparer.prepare(request, this.options.ids.next(), 0);
      prepared.push(each instanceof Promise ? await each : each);
    }
    const events = prepared.map(({ event }) => event);
    const slots = this.reserve(events, requests);
    try {
      const verdict = await this.options.writer.write({ kind: 'publish', events });
      if (isApplied(verdict))
        return this.started(prepared, slots, requests, verdict.executions ?? [], verdict.verdict === 'ok');
      throw verdict.verdict === 'rejected'
        ? refusalOf(events, verdict.reason, verdict.eventId ?? null)
        : new EventConflictError('');
    } catch (error) {
      for (const slot of slots) if (slot !== null) this.options.consumer.unreserve(slot);
      throw error;
    }
  }

  /** For a publish inside an execution: ids come from the seed, and the step's commit accepts the events. */
  async prepare(request: unknown, seed: string, depth: number): Promise<readonly NewEvent[]> {
    const requests = request as readonly PublishRequest[];
    if (this.mayMiss(requests)) await this.options.subscriptions.refresh();
    const events: NewEvent[] = [];
    const explicit = new Map<string, NewEvent>();
    for (const [at, each] of requests.entries()) {
      const { event: prepared } = await this.options.preparer.prepare(each, madeId(seed, at), depth);
      if (prepared.mail === undefined && this.isUnhandled(each)) this.unhandled.add(prepared);
      events.push(prepared.dedup === null ? prepared : firstOf(explicit, prepared));
    }
    return events;
  }

  published(events: readonly NewEvent[]): void {
    this.options.consumer.created(null);
    for (const event of new Set(events)) {
      // Which execution an event joined, only the store knows.
      for (const execution of event.executions)
        if (execution.collect === undefined) this.tellAccepted(event, execution);
      if (this.unhandled.has(event)) this.tellUnhandled(event.name, event.id);
      this.options.hinter.created(event.executions, event.session);
    }
  }

  /** Gives executions that can begin at once the lease of this process: the slots of all, in order; null for the others. */
  private reserve(
    events: readonly PreparedEvent[],
    requests: readonly PublishRequest[],
  ): readonly (Slot | null)[] {
    const { dispatcher, definitions, consumer, owner } = this.options;
    const slots: (Slot | null)[] = [];
    for (let at = 0; at < events.length; at++)
      for (const execution of (events[at] as PreparedEvent).executions) {
        const { id, definition, gate, collect } = execution;
        const mayBegin =
          dispatcher.local &&
          // Of an instance: mostly it is at rest. The store says when it is not.
          (gate === null || gate.untilEnd === true) &&
          collect === undefined &&
          requests[at]?.dueAt == null &&
          definitions.handler(definition.id) !== null;
        const slot = mayBegin ? consumer.reserve(id, definition.id) : null;
        if (slot !== null) execution.owner = owner;
        slots.push(slot);
      }
    return slots;
  }

  private started(
    prepared: readonly Prepared[],
    slots: readonly (Slot | null)[],
    requests: readonly PublishRequest[],
    answers: readonly PublishedExecution[],
    isNew: boolean,
  ): readonly Published[] {
    const publications: Published[] = [];
    const resent: ExecutionId[] = [];
    let nextSlot = 0;
    let nextAnswer = 0;
    for (const [at, { event, copy }] of prepared.entries()) {
      let input = copy;
      const first = nextAnswer;
      while (answers[nextAnswer]?.eventIndex === at) nextAnswer++;
      const executions = answers.slice(first, nextAnswer);
      const runs: (Run | null)[] = executions.map(() => null);
      const unleased: NewExecution[] = [];
      for (const execution of event.executions) {
        const place = executions.findIndex((answer) => isAnswerTo(answer, execution));
        const stored = executions[place];
        const slot = slots[nextSlot++] ?? null;
        // An explicit id that was published before stands for the executions that it started then.
        if (stored === undefined || stored.duplicate || stored.key === null) {
          if (slot !== null) this.options.consumer.unreserve(slot);
          continue;
        }
        this.tellAccepted(event, execution, stored.executionId);
        if (stored.batch !== undefined) {
          const { executionId, batch } = stored;
          if (isNew) this.tellCollected(event, execution, stored, batch);
          const isDue = batch.dueAt <= this.options.clock.now();
          this.options.consumer.created(isDue ? null : batch.dueAt);
          // Others have been told of it with its first event.
          const dueAt = isDue ? null : batch.dueAt;
          if (isDue || batch.count === 1) unleased.push({ ...execution, id: executionId, dueAt });
          continue;
        }
        if (execution.owner === null) unleased.push(execution);
        if (slot === null) {
          this.options.consumer.created(execution.dueAt);
        } else if (isNew && !stored.leased) {
          // Its gate is full: it waits there.
          this.options.consumer.unreserve(slot);
        } else if (isNew) {
          runs[place] = this.start(slot, event, execution, stored.key, stored.createdAt, input);
          input = null;
        } else resent.push(execution.id);
      }
      if (executions.length === 0 && event.mail === undefined && this.isUnhandled(requests[at]))
        this.tellUnhandled(event.name, event.id);
      this.options.hinter.created(unleased, event.session, requests[at]?.dispatcherOptions ?? undefined);
      publications.push({ eventId: event.id, event: event.name, accepted: event, executions, runs });
    }
    // Stored by a write whose answer was lost: it may be over by now, or another's.
    if (resent.length > 0) this.options.consumer.reclaim(resent);
    return publications;
  }

  private start(
    slot: Slot,
    event: NewEvent,
    execution: NewExecution,
    key: number,
    createdAt: number,
    input: Prepared['copy'],
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
      gate: execution.gate?.name ?? null,
      priority: execution.priority,
      depth: execution.depth,
      status: 'running',
      waitReason: null,
      attempt: 1,
      turn: 0,
      epoch: 0,
      timers: noTimers,
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
    const work = { lease, record, input, journal: nothing, inbox: nothing, strikes: 0 };
    return this.options.consumer.startReserved(slot, work);
  }

  private mayMiss(requests: readonly PublishRequest[]): boolean {
    for (const { definition } of requests) if (this.options.subscriptions.mayMiss(definition)) return true;
    return false;
  }

  private tellAccepted(event: NewEvent, execution: NewExecution, executionId = execution.id): void {
    if (!this.options.observer.wants('execution.accepted')) return;
    const { worker, method: handler } = partsOfDefinition(execution.definition.id);
    const { session, name } = event;
    const at = this.options.clock.now();
    this.options.observer.emit({
      name: 'execution.accepted',
      executionId,
      worker,
      handler,
      session,
      event: name,
      at,
    });
  }

  /** A batch begins to collect. */
  private tellCollected(
    { session }: NewEvent,
    { collect, definition }: NewExecution,
    { executionId }: PublishedExecution,
    { count, dueAt }: NonNullable<PublishedExecution['batch']>,
  ): void {
    const { observer, clock } = this.options;
    if (count !== 1 || collect === undefined || !observer.wants('debounce.started')) return;
    const { worker, method: handler } = partsOfDefinition(definition.id);
    const instanceId = instanceIdOf(worker, collect.name);
    observer.emit({
      name: 'debounce.started',
      executionId,
      worker,
      handler,
      session,
      instanceId,
      flushAt: dueAt,
      at: clock.now(),
    });
  }

  /** Nobody has subscribed; an event that every handler turned down is no surprise. */
  private isUnhandled(request: PublishRequest | undefined): boolean {
    if (request === undefined) return false;
    const { name, families } = request.definition;
    return this.options.subscriptions.of(name, families).length === 0;
  }

  private tellUnhandled(event: string, eventId: EventId): void {
    this.options.observer.emit({ name: 'event.unhandled', event, eventId, at: this.options.clock.now() });
  }
}

/** Of one that collects, the execution that it joined. */
function isAnswerTo(
  { executionId, definition, batch }: PublishedExecution,
  execution: NewExecution,
): boolean {
  if (execution.collect === undefined) return executionId === execution.id;
  return batch !== undefined && definition === execution.definition.id;
}

/** An event that a publish names twice is one: it starts its executions once. */
function firstOf(explicit: Map<string, NewEvent>, event: NewEvent): NewEvent {
  const name = JSON.stringify([event.session, event.id, event.dedup?.hash]);
  const first = explicit.get(name);
  if (first === undefined) explicit.set(name, event);
  return first ?? event;
}

/** The same for each replay of the step that publishes. */
function madeId(seed: string, at: number): string {
  return derivedId(['publish', seed, at]);
}
