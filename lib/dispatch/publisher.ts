import type { Definitions } from '../engine/definitions.js';
import type { GroupWriter } from '../engine/group-writer.js';
import { EventConflictError } from '../model/errors-event.js';
import { freshList } from '../model/fresh-list.js';
import type { EventId, ProcessId } from '../model/ids.js';
import type { Clock } from '../ports/clock.js';
import type { Dispatcher } from '../ports/dispatcher.js';
import type { IdGenerator } from '../ports/id-generator.js';
import type { Observer } from '../ports/observer.js';
import type { NewEvent, NewExecution, PublishedExecution, Verdict } from '../ports/store-write.js';
import { isApplied } from '../ports/is-applied.js';
import { refusalOf } from '../step/publish-call.js';
import type { HandlerStarter, StepPublisher } from '../step/pass-services.js';
import type { Run } from '../engine/work.js';
import { derivedId } from '../step/derived-id.js';
import type { Consumer } from './consumer.js';
import type { Hinter } from './hinter.js';
import type { EventPreparer } from './event-preparer.js';
import { type Prepared, type PreparedEvent, type PreparedExecution, PlainPublish } from './prepared-event.js';
import type { PublishRequest } from './publish-request.js';
import type { Slot } from './slots.js';
import { PublishedWork } from './published-work.js';
import type { Subscriptions } from './subscriptions.js';
import { tellAccepted, tellCollected } from './tell-published.js';

const nothing: readonly never[] = Object.freeze([]);

/** Of the executions of one event, in order; null: it is not begun with the publish. */
type Reserved = readonly (Slot | null)[];

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
  publish(requests: readonly PublishRequest[]): Promise<readonly Published[]> {
    return this.accept(requests, asItIs);
  }

  /** The same, with what the caller makes of what was accepted: a publish makes one promise less than with a `then` of the caller's. */
  accept<Answer>(
    requests: readonly PublishRequest[],
    answerOf: (published: readonly Published[]) => Answer,
  ): Promise<Answer> {
    const prepared = this.prepareAll(requests);
    return prepared instanceof Promise
      ? prepared.then((late) => this.write(late, answerOf))
      : this.write(prepared, answerOf);
  }

  /** Most publishes are of one event, of which all is known: they wait for the store alone. */
  private prepareAll(
    requests: readonly PublishRequest[],
  ): readonly Prepared[] | Promise<readonly Prepared[]> {
    const [request] = requests;
    if (request === undefined || requests.length > 1 || this.mayMiss(requests))
      return this.prepareInTurn(requests);
    try {
      const prepared = this.prepareNew(request);
      return prepared instanceof Promise ? prepared.then((late) => [late]) : freshList(prepared);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  private async prepareInTurn(requests: readonly PublishRequest[]): Promise<readonly Prepared[]> {
    if (this.mayMiss(requests)) await this.options.subscriptions.refresh();
    const prepared: Prepared[] = [];
    for (const request of requests) {
      const each = this.prepareNew(request);
      prepared.push(each instanceof Promise ? await each : each);
    }
    return prepared;
  }

  private prepareNew(request: PublishRequest): Prepared | Promise<Prepared> {
    const { preparer, ids } = this.options;
    return preparer.prepare(request, ids.next(), 0);
  }

  private write<Answer>(
    prepared: readonly Prepared[],
    answerOf: (published: readonly Published[]) => Answer,
  ): Promise<Answer> {
    const [first] = prepared;
    const slots =
      prepared.length === 1 && first !== undefined
        ? this.slotsFor(first)
        : prepared.flatMap((each) => this.slotsFor(each));
    const events = prepared.map(eventOf);
    return this.options.writer.write(new PlainPublish(events)).then(
      (verdict) => answerOf(this.answered(prepared, slots, verdict)),
      (error: unknown) => {
        this.unreserve(slots);
        throw error;
      },
    );
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
        if (execution.collect === undefined) tellAccepted(this.options, event, execution);
      if (this.unhandled.has(event)) this.tellUnhandled(event.name, event.id);
      this.options.hinter.created(event.executions, event.session);
    }
  }

  private slotsFor({ event, request: { dueAt } }: Prepared): Reserved {
    return event.executions.map((execution) => (dueAt === null ? this.slotFor(execution) : null));
  }

  /** Gives an execution that can begin at once the lease of this process: its slot; null where it cannot. */
  private slotFor(execution: PreparedExecution): Slot | null {
    const { dispatcher, definitions, consumer, owner } = this.options;
    const { id, definition, gate, collect } = execution;
    const mayBegin =
      dispatcher.local &&
      // Of an instance: mostly it is at rest. The store says when it is not.
      (gate === null || gate.untilEnd === true) &&
      collect === undefined &&
      definitions.handler(definition.id) !== null;
    const slot = mayBegin ? consumer.reserve(id, definition.id) : null;
    if (slot !== null) execution.owner = owner;
    return slot;
  }

  private unreserve(slots: Reserved): void {
    for (const slot of slots) if (slot !== null) this.options.consumer.unreserve(slot);
  }

  private answered(prepared: readonly Prepared[], slots: Reserved, verdict: Verdict): readonly Published[] {
    try {
      if (isApplied(verdict))
        return this.started(prepared, slots, verdict.executions ?? nothing, verdict.verdict === 'ok');
      throw verdict.verdict === 'rejected'
        ? refusalOf(prepared.map(eventOf), verdict.reason, verdict.eventId ?? null)
        : new EventConflictError('', '');
    } catch (error) {
      this.unreserve(slots);
      throw error;
    }
  }

  private started(
    prepared: readonly Prepared[],
    slots: Reserved,
    answers: readonly PublishedExecution[],
    isNew: boolean,
  ): readonly Published[] {
    const resent: Slot[] | null = isNew ? null : [];
    const [only] = prepared;
    const published =
      prepared.length === 1 && only !== undefined
        ? [this.startedOf(only, slots, answers, resent)]
        : this.startedInTurn(prepared, slots, answers, resent);
    // Stored by a write whose answer was lost: it may be over by now, or another's.
    if (resent !== null && resent.length > 0) this.options.consumer.reconcileSoon(resent);
    return published;
  }

  private startedInTurn(
    prepared: readonly Prepared[],
    slots: Reserved,
    answers: readonly PublishedExecution[],
    resent: Slot[] | null,
  ): readonly Published[] {
    let slot = 0;
    let answer = 0;
    return prepared.map((each, at) => {
      const firstSlot = slot;
      const firstAnswer = answer;
      slot += each.event.executions.length;
      while (answers[answer]?.eventIndex === at) answer++;
      return this.startedOf(each, slots.slice(firstSlot, slot), answers.slice(firstAnswer, answer), resent);
    });
  }

  /** `resent`: takes the slots of those that an earlier send of the write had stored; null: this one has. */
  private startedOf(
    { request, event, copy }: Prepared,
    slots: Reserved,
    executions: readonly PublishedExecution[],
    resent: Slot[] | null,
  ): Published {
    let unused = copy;
    const runs: (Run | null)[] = executions.map(noRun);
    let unleased: NewExecution[] | null = null;
    for (let at = 0; at < event.executions.length; at++) {
      const execution = event.executions[at] as NewExecution;
      const answer = answerIndexOf(executions, execution);
      const stored = executions[answer];
      const slot = slots[at] ?? null;
      // An explicit id that was published before stands for the executions that it started then.
      if (stored === undefined || stored.duplicate || stored.key === null) {
        if (slot !== null) this.options.consumer.unreserve(slot);
        continue;
      }
      tellAccepted(this.options, event, execution, stored.executionId);
      if (stored.batch !== undefined) {
        const hinted = this.collected(event, execution, stored, stored.batch, resent === null);
        if (hinted !== null) (unleased ??= []).push(hinted);
        continue;
      }
      if (execution.owner === null) (unleased ??= []).push(execution);
      if (slot === null) {
        this.options.consumer.created(execution.dueAt);
      } else if (resent === null && !stored.leased) {
        // Its gate is full: it waits there.
        this.options.consumer.unreserve(slot);
      } else if (resent === null) {
        const { key, createdAt } = stored;
        const work = new PublishedWork(event, execution, this.options.owner, key, createdAt, unused);
        runs[answer] = this.options.consumer.begin(work, slot);
        unused = null;
      } else resent.push(slot);
    }
    if (executions.length === 0 && event.mail === undefined && this.isUnhandled(request))
      this.tellUnhandled(event.name, event.id);
    if (unleased !== null)
      this.options.hinter.created(unleased, event.session, request.dispatcherOptions ?? undefined);
    return { eventId: event.id, event: event.name, accepted: event, executions, runs };
  }

  /** An event is in its batch: the batch, if others are to be told of it; null: with its first event they have been. */
  private collected(
    event: NewEvent,
    execution: NewExecution,
    stored: PublishedExecution,
    batch: NonNullable<PublishedExecution['batch']>,
    isNew: boolean,
  ): NewExecution | null {
    if (isNew) tellCollected(this.options, event, execution, stored);
    const dueAt = batch.dueAt <= this.options.clock.now() ? null : batch.dueAt;
    this.options.consumer.created(dueAt);
    return dueAt === null || batch.count === 1 ? { ...execution, id: stored.executionId, dueAt } : null;
  }

  private mayMiss(requests: readonly PublishRequest[]): boolean {
    for (const { definition } of requests) if (this.options.subscriptions.mayMiss(definition)) return true;
    return false;
  }

  /** Nobody has subscribed; an event that every handler turned down is no surprise. */
  private isUnhandled(request: PublishRequest): boolean {
    const { name, families } = request.definition;
    return this.options.subscriptions.of(name, families).length === 0;
  }

  private tellUnhandled(event: string, eventId: EventId): void {
    this.options.observer.emit({ name: 'event.unhandled', event, eventId, at: this.options.clock.now() });
  }
}

function asItIs(published: readonly Published[]): readonly Published[] {
  return published;
}

function eventOf({ event }: Prepared): PreparedEvent {
  return event;
}

function noRun(): null {
  return null;
}

/** Which of the answers is that to the execution; -1: none is. */
function answerIndexOf(answers: readonly PublishedExecution[], execution: NewExecution): number {
  for (let at = 0; at < answers.length; at++)
    if (isAnswerTo(answers[at] as PublishedExecution, execution)) return at;
  return -1;
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
