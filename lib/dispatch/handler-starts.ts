import type { HandlerDefinition } from '../model/definition.js';
import { NotSubscribedError } from '../model/errors-app.js';
import { OTHER_STORE } from '../model/other-store.js';
import { NonRetryableError } from '../model/errors-step.js';
import { StoreUnavailableError } from '../model/errors-store.js';
import type { ExecutionId } from '../model/ids.js';
import type { StoredOutcome } from '../model/outcome.js';
import type { AnewCall, RunCall } from '../ports/current-execution.js';
import type { EventDefinition } from '../ports/event-checker.js';
import type { Store, Subscription } from '../ports/store.js';
import type { NewEvent, NextTurn } from '../ports/store-write.js';
import type { HandlerStarter, NewChild } from '../step/pass-services.js';
import type { EventPreparer } from './event-preparer.js';
import { storedOutcome } from './outcomes.js';
import type { PublishRequest } from './publish-request.js';
import type { Subscriptions } from './subscriptions.js';

/** A handler as code names it. */
export interface HandledBy {
  /** `worker.method`. */
  readonly id: string;
  /** The names of the events that it takes, those of unions as their families. */
  readonly events: readonly string[];
}

/** Finds handlers by class and method, and what the data that they are called with is. */
export interface HandledEvents {
  /** Throws or rejects with `DefinitionError` and `NonRetryableError`. */
  handlerOf(worker: object, method: string): HandledBy | Promise<HandledBy>;
  /** Throws or rejects with `UnknownEventError` and `NonRetryableError`. */
  eventOf(
    handler: HandledBy,
    data: unknown,
    /** The event that it is of, if that was said. */
    said: Pick<AnewCall, 'source' | 'event'> | null,
  ):
    | { readonly definition: EventDefinition; readonly data: unknown }
    | Promise<{ readonly definition: EventDefinition; readonly data: unknown }>;
}

interface HandlerStartsOptions {
  readonly store: Store;
  readonly preparer: EventPreparer;
  readonly subscriptions: Subscriptions;
  readonly handled: HandledEvents;
}

/** Starts of handlers that code calls by name: `run()`, `continueAsNew()`. */
export class HandlerStarts implements HandlerStarter {
  constructor(private readonly options: HandlerStartsOptions) {}

  async prepareChild({ worker, method, data }: RunCall, child: NewChild): Promise<NewEvent> {
    const { handled, preparer } = this.options;
    const handler = await handled.handlerOf(worker, method);
    const { definition, data: given } = await handled.eventOf(handler, data, null);
    const request = requestOf(definition, given, child.session);
    const input = await preparer.inputOf(request);
    const subscription = await this.find(handler, definition);
    const execution = preparer.executionOf(request, child.id, subscription, input, child.depth);
    const { eventId: id, session, parent } = child;
    return { id, name: definition.name, session, dedup: null, executions: [{ ...execution, parent }] };
  }

  async outcomeOf(id: ExecutionId): Promise<StoredOutcome | null> {
    try {
      const record = await this.options.store.read(id);
      return record === null ? null : storedOutcome(record);
    } catch (error) {
      throw new StoreUnavailableError(`the store did not tell how execution '${id}' stands`, error);
    }
  }

  async nextTurn(
    { id, routes }: HandlerDefinition,
    { source, event: name, data }: AnewCall,
  ): Promise<NextTurn> {
    const { handled, preparer } = this.options;
    const handler = { id, events: routes.map(({ event }) => event) };
    const { definition, data: given } = await handled.eventOf(
      handler,
      data,
      source === null ? null : { source, event: name },
    );
    const input = await preparer.inputOf(requestOf(definition, given, null));
    return { event: definition.name, input, schemaHash: definition.checker.schemaHash };
  }

  /** The handler as this process has it, else as one had that was seen on this store. */
  private async find({ id }: HandledBy, { name, families }: EventDefinition): Promise<Subscription> {
    const { subscriptions } = this.options;
    const known = (): Subscription | undefined =>
      subscriptions.of(name, families).find(({ definition }) => definition.id === id);
    if (known() === undefined) await subscriptions.refresh();
    const found = known();
    if (found?.rule !== undefined)
      throw new NonRetryableError(
        `run() names ${id}, whose events find their instance or their batch by a key. Publish the event instead`,
      );
    if (found !== undefined) return found;
    throw new NotSubscribedError(
      `run() names ${id}, and no process with it has started on this store yet. Start an app with the worker first. ${OTHER_STORE}`,
    );
  }
}

function requestOf(definition: EventDefinition, data: unknown, session: string | null): PublishRequest {
  return { definition, data, session, id: null, dueAt: null, priority: null, dispatcherOptions: null };
}
