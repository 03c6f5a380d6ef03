import { collectorListens } from '../behaviours/batch-place.js';
import type { Definitions } from '../engine/definitions.js';
import type { EventRoute, HandlerDefinition } from '../model/definition.js';
import { laneOf } from '../model/lane.js';
import { InvalidEventError } from '../model/errors-event.js';
import { UnstorableValueError } from '../model/errors-value.js';
import type { EventId, ExecutionId } from '../model/ids.js';
import { messageOf } from '../model/message-of.js';
import { withoutSubject } from '../model/violation.js';
import type { Clock } from '../ports/clock.js';
import type { Codec, EncodedValue } from '../ports/codec.js';
import type { EventDefinition } from '../ports/event-checker.js';
import type { Subscription } from '../ports/store.js';
import type { NewEvent, NewExecution } from '../ports/store-write.js';
import type { PassSettings } from '../step/pass-services.js';
import { handlerPlaceOf } from './handler-place.js';
import { type KeyedPlace, keyedPlaceOf } from './keyed-place.js';
import { mailOf } from './mail-of.js';
import { payloadHash } from './payload-hash.js';
import {
  EncodedEvent,
  PlainEvent,
  PlainExecution,
  Prepared,
  type PreparedEvent,
  type PreparedExecution,
} from './prepared-event.js';
import type { PublishRequest } from './publish-request.js';
import type { Subscriptions } from './subscriptions.js';

export interface EventPreparerOptions {
  readonly clock: Clock;
  readonly codec: Codec;
  readonly subscriptions: Subscriptions;
  readonly definitions: Definitions;
  readonly settings: PassSettings;
  /** How long an explicit event id is remembered. */
  readonly dedupMs: () => number;
}

/** Makes of a request what the store takes: checked, encoded, and routed to the handlers that take it. */
export class EventPreparer {
  /** Of executions without a session, by their definition: stores look one up for each execution. */
  private readonly lanes = new Map<string, string>();

  constructor(private readonly options: EventPreparerOptions) {}

  /** `madeId` names its executions, and the event itself unless the user did. Throws or rejects with `InvalidEventError`. */
  prepare(request: PublishRequest, madeId: string, depth: number): Prepared | Promise<Prepared> {
    const { definition, data } = request;
    const checked = definition.checker.check(data);
    if (checked instanceof Promise) return checked.then((late) => this.route(request, late, madeId, depth));
    return this.route(request, checked, madeId, depth);
  }

  /** Data of an event as it is stored. Rejects with `InvalidEventError`. */
  async inputOf({ definition: { name, checker }, data }: PublishRequest): Promise<string> {
    const checked = await checker.check(data);
    if (!checked.ok) throw new InvalidEventError(name, checked.violations);
    return this.encode(name, checked.data, false).text;
  }

  private route(
    request: PublishRequest,
    checked: Awaited<ReturnType<EventDefinition['checker']['check']>>,
    madeId: string,
    depth: number,
  ): Prepared | Promise<Prepared> {
    const { definition } = request;
    if (!checked.ok) throw new InvalidEventError(definition.name, checked.violations);
    const { name, families } = definition;
    const subscribed = addressed(this.options.subscriptions.of(name, families), request.to);
    const input = this.encode(name, checked.data, this.runsAny(subscribed));
    const takers = this.takers(subscribed, definition, input.text);
    const encoded = new EncodedEvent(request, checked.data, input, madeId, depth);
    return takers instanceof Promise
      ? takers.then((late) => this.prepared(encoded, late))
      : this.prepared(encoded, takers);
  }

  private runsAny(subscribed: readonly Subscription[]): boolean {
    for (const { definition } of subscribed)
      if (this.options.definitions.handler(definition.id) !== null) return true;
    return false;
  }

  private prepared(encoded: EncodedEvent, subscriptions: readonly Subscription[]): Prepared {
    const { request, input } = encoded;
    return new Prepared(request, this.eventOf(encoded, subscriptions), input.copy);
  }

  private eventOf(encoded: EncodedEvent, subscriptions: readonly Subscription[]): PreparedEvent {
    const { request, data, madeId, depth } = encoded;
    const { definition, session, to } = request;
    const { text: input } = encoded.input;
    const executions = subscriptions.map((subscription, at) =>
      this.executionOf(request, `${madeId}-${at}`, subscription, input, depth),
    );
    const dedup =
      request.id === null
        ? null
        : this.dedup(definition.name, input, to === undefined ? null : addressesOf(executions));
    const id = (request.id ?? madeId) as EventId;
    const event: PreparedEvent = new PlainEvent(id, definition.name, session, dedup, executions);
    if (definition.mail === undefined || to !== undefined) return event;
    return { ...event, mail: mailOf(request, definition.mail, data, input, this.options.clock.now()) };
  }

  private dedup(name: string, input: string, to: readonly string[] | null): NonNullable<NewEvent['dedup']> {
    const { clock, dedupMs } = this.options;
    return { hash: payloadHash(name, input, to), until: clock.now() + dedupMs() };
  }

  /** Leaves out handlers that are known here to turn the event down; the others decide in their first pass. */
  private takers(
    subscribed: readonly Subscription[],
    definition: EventDefinition,
    input: string,
  ): readonly Subscription[] | Promise<readonly Subscription[]> {
    if (!this.isGuarded(subscribed)) return subscribed;
    const guards = subscribed.map((subscription) => this.guardOf(subscription));
    const event = definition.checker.restore(this.options.codec.decode(input));
    const answers = guards.map((guard) => (guard === null ? true : answerOf(guard, event)));
    if (answers.some((answer) => answer instanceof Promise))
      return Promise.all(answers.map(async (answer) => answer)).then((late) =>
        subscribed.filter((_, at) => late[at] === true),
      );
    return subscribed.filter((_, at) => answers[at] === true);
  }

  private isGuarded(subscribed: readonly Subscription[]): boolean {
    for (const subscription of subscribed) if (this.guardOf(subscription) !== null) return true;
    return false;
  }

  private guardOf({ definition, event }: Subscription): EventRoute['accepts'] {
    const known = this.options.definitions.handler(definition.id);
    if (known !== null)
      for (const route of known.handler.routes) if (route.event === event) return route.accepts;
    return null;
  }

  /** The execution that an event starts for one handler; `id`: that of the execution. */
  executionOf(
    request: PublishRequest,
    id: string,
    subscription: Subscription,
    input: string,
    depth: number,
  ): PreparedExecution {
    const { definition } = subscription;
    const handler = this.options.definitions.handler(definition.id)?.handler ?? null;
    const { gate, lane, collect } = this.placeOf(request, subscription, handler, input);
    const execution: PreparedExecution = new PlainExecution(
      id as ExecutionId,
      definition,
      input,
      request.definition.checker.schemaHash,
      gate,
      lane,
      request.priority ?? handler?.priority ?? 0,
      depth,
      request.dueAt,
    );
    return collect === undefined ? execution : { ...execution, collect, listening: collectorListens };
  }

  private placeOf(
    request: PublishRequest,
    subscription: Subscription,
    handler: HandlerDefinition | null,
    input: string,
  ): KeyedPlace {
    const { session, to } = request;
    const usual = { gate: null, lane: this.laneOf(session, subscription.definition.id) };
    if (handler === null ? subscription.rule === undefined : isUnbound(handler)) return usual;
    const { name, checker } = request.definition;
    const value = (): unknown => checker.restore(this.options.codec.decode(input));
    const keyed = keyedPlaceOf(handler, subscription, {
      name,
      value,
      input,
      schemaHash: checker.schemaHash,
      session,
      key: to?.key ?? null,
      isDelayed: request.dueAt !== null,
      bufferedEvents: this.options.settings.limits.bufferedEvents,
    });
    return keyed ?? (handler === null ? usual : handlerPlaceOf(handler, session, value));
  }

  private laneOf(session: string | null, definition: string): string {
    if (session !== null) return laneOf(session, definition);
    let lane = this.lanes.get(definition);
    if (lane === undefined) {
      lane = laneOf(null, definition);
      this.lanes.set(definition, lane);
    }
    return lane;
  }

  private encode(name: string, data: unknown, copies: boolean): EncodedValue {
    const { codec } = this.options;
    let input: EncodedValue;
    try {
      input = copies ? codec.encodeAndCopy(data) : { text: codec.encode(data), copy: null };
    } catch (error) {
      throw new InvalidEventError(name, [
        error instanceof UnstorableValueError
          ? withoutSubject(error)
          : { path: '', message: messageOf(error) },
      ]);
    }
    const { eventBytes } = this.options.settings.limits;
    const { text } = input;
    if (text.length * 3 > eventBytes && Buffer.byteLength(text) > eventBytes)
      throw new InvalidEventError(name, [
        {
          path: '',
          message: `has ${Buffer.byteLength(text)} bytes, more than limits.eventBytes (${eventBytes})`,
        },
      ]);
    return input;
  }
}

/** It shares no key, and has no limit: nothing of an event says where its execution waits. */
function isUnbound({ keyed, concurrency, rateLimit }: HandlerDefinition): boolean {
  return keyed === undefined && concurrency === null && rateLimit === null;
}

/** The instances or batches that they are for. */
function addressesOf(executions: readonly NewExecution[]): readonly string[] {
  const names = executions.map(
    ({ gate, collect, definition }) => collect?.name ?? gate?.name ?? definition.id,
  );
  return [...new Set(names)].toSorted();
}

function addressed(
  subscriptions: readonly Subscription[],
  to: PublishRequest['to'],
): readonly Subscription[] {
  if (to === undefined) return subscriptions;
  return subscriptions.filter(
    ({ worker, method }) => worker === to.worker && (to.method === null || method === to.method),
  );
}

/** One that fails keeps nobody else from the event: the first pass of its handler asks it again, and tells. */
function answerOf(guard: NonNullable<EventRoute['accepts']>, event: unknown): boolean | Promise<boolean> {
  try {
    const answer = guard(event);
    return answer instanceof Promise ? answer.then(Boolean, () => true) : Boolean(answer);
  } catch {
    return true;
  }
}
