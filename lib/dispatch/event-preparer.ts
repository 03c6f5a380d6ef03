import { collectorListens } from '../behaviours/batch-place.js';
import type { Definitions } from '../engine/definitions.js';
import type { EventRoute } from '../model/definition.js';
import { laneOf } from '../model/lane.js';
import { InvalidEventError } from '../model/errors-event.js';
import type { EventId, ExecutionId } from '../model/ids.js';
import type { Clock } from '../ports/clock.js';
import type { Codec } from '../ports/codec.js';
import type { EventDefinition } from '../ports/event-checker.js';
import type { Subscription } from '../ports/store.js';
import type { NewEvent, NewExecution } from '../ports/store-write.js';
import type { PassSettings } from '../step/pass-services.js';
import { placeOf } from './handler-place.js';
import { keyedPlaceOf } from './keyed-place.js';
import { mailOf } from './mail-of.js';
import { payloadHash } from './payload-hash.js';
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

/** What an execution listens to at first. */
const cancel: NewExecution['listening'] = Object.freeze(['cancel'] as const);

/** An event that is not stored yet: whoever publishes it may still say who begins what it starts. */
export interface PreparedEvent extends NewEvent {
  readonly executions: readonly PreparedExecution[];
}

interface PreparedExecution extends NewExecution {
  owner: NewExecution['owner'];
}

/** Makes of a request what the store takes: checked, encoded, and routed to the handlers that take it. */
export class EventPreparer {
  constructor(private readonly options: EventPreparerOptions) {}

  /** `madeId` names its executions, and the event itself unless the user did. Throws or rejects with `InvalidEventError`. */
  prepare(request: PublishRequest, madeId: string, depth: number): PreparedEvent | Promise<PreparedEvent> {
    const { definition, data } = request;
    const checked = definition.checker.check(data);
    if (checked instanceof Promise) return checked.then((late) => this.accept(request, late, madeId, depth));
    return this.accept(request, checked, madeId, depth);
  }

  /** Data of an event as it is stored. Rejects with `InvalidEventError`. */
  async inputOf({ definition: { name, checker }, data }: PublishRequest): Promise<string> {
    const checked = await checker.check(data);
    if (!checked.ok) throw new InvalidEventError(name, checked.violations);
    return this.encode(name, checked.data);
  }

  /** The execution that an event starts for one handler. */
  executionOf(
    request: PublishRequest,
    id: ExecutionId,
    subscription: Subscription,
    input: string,
    depth: number,
  ): NewExecution {
    return this.execution(request, id, subscription, input, depth);
  }

  private accept(
    request: PublishRequest,
    checked: Awaited<ReturnType<EventDefinition['checker']['check']>>,
    madeId: string,
    depth: number,
  ): PreparedEvent | Promise<PreparedEvent> {
    const { definition, session } = request;
    if (!checked.ok) throw new InvalidEventError(definition.name, checked.violations);
    const input = this.encode(definition.name, checked.data);
    const subscribed = addressed(
      this.options.subscriptions.of(definition.name, definition.families),
      request.to,
    );
    const takers = this.takers(subscribed, definition, input);
    const build = (subscriptions: readonly Subscription[]): PreparedEvent => {
      const event = prepared(subscriptions);
      if (definition.mail === undefined || request.to !== undefined) return event;
      const now = this.options.clock.now();
      return { ...event, mail: mailOf(request, definition.mail, checked.data, input, now) };
    };
    const prepared = (subscriptions: readonly Subscription[]): PreparedEvent => {
      const executions = subscriptions.map((subscription, at) =>
        this.execution(request, `${madeId}-${at}`, subscription, input, depth),
      );
      const to = request.to === undefined ? null : placesOf(executions);
      return {
        id: (request.id ?? madeId) as EventId,
        name: definition.name,
        session,
        dedup:
          request.id === null
            ? null
            : {
                hash: payloadHash(definition.name, input, to),
                until: this.options.clock.now() + this.options.dedupMs(),
              },
        executions,
      };
    };
    return takers instanceof Promise ? takers.then(build) : build(takers);
  }

  /** Leaves out handlers that are known here to turn the event down; the others decide in their first pass. */
  private takers(
    subscribed: readonly Subscription[],
    definition: EventDefinition,
    input: string,
  ): readonly Subscription[] | Promise<readonly Subscription[]> {
    if (subscribed.every((subscription) => this.guardOf(subscription) === null)) return subscribed;
    const guards = subscribed.map((subscription) => this.guardOf(subscription));
    const event = definition.checker.restore(this.options.codec.decode(input));
    const answers = guards.map((guard) => (guard === null ? true : answerOf(guard, event)));
    if (answers.some((answer) => answer instanceof Promise))
      return Promise.all(answers.map(async (answer) => answer)).then((late) =>
        subscribed.filter((_, at) => late[at] === true),
      );
    return subscribed.filter((_, at) => answers[at] === true);
  }

  private guardOf({ definition, event }: Subscription): EventRoute['accepts'] {
    const known = this.options.definitions.handler(definition.id);
    for (const route of known?.handler.routes ?? []) if (route.event === event) return route.accepts;
    return null;
  }

  private execution(
    request: PublishRequest,
    id: string,
    subscription: Subscription,
    input: string,
    depth: number,
  ): PreparedExecution {
    const { definition } = subscription;
    const handler = this.options.definitions.handler(definition.id)?.handler ?? null;
    const value = (): unknown => request.definition.checker.restore(this.options.codec.decode(input));
    const { session, to } = request;
    const place =
      keyedPlaceOf(handler, subscription, {
        name: request.definition.name,
        value,
        input,
        schemaHash: request.definition.checker.schemaHash,
        session,
        key: to?.key ?? null,
        isDelayed: request.dueAt !== null,
        bufferedEvents: this.options.settings.limits.bufferedEvents,
      }) ??
      (handler === null
        ? { gate: null, lane: laneOf(session, definition.id) }
        : placeOf(handler, session, value));
    return {
      id: id as ExecutionId,
      definition,
      input,
      schemaHash: request.definition.checker.schemaHash,
      ...place,
      priority: request.priority ?? handler?.priority ?? 0,
      depth,
      dueAt: request.dueAt,
      owner: null,
      listening: 'collect' in place ? collectorListens : cancel,
    };
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
}

/** The instances or batches that they are for. */
function placesOf(executions: readonly NewExecution[]): readonly string[] {
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
