import { batchName } from '../../behaviours/batch-place.js';
import { batchEvents, batchItems, foldEvents } from '../../behaviours/batch-events.js';
import type { PublishRequest } from '../../dispatch/publish-request.js';
import { NotSubscribedError } from '../../model/errors-app.js';
import { OTHER_STORE } from '../../model/other-store.js';
import { ExecutionStateError } from '../../model/errors-execution.js';
import type { MessageKind } from '../../model/execution.js';
import type { InjectionToken } from '../../model/injection-token.js';
import type { ExecutionId, MessageId } from '../../model/ids.js';
import { keyIn } from '../../model/instance-key.js';
import { instanceName } from '../../model/keyed.js';
import { isApplied } from '../../ports/is-applied.js';
import type { StoredBatch } from '../../ports/stored-instance.js';
import { collectedEvent } from './collected-event.js';
import type {
  AddOptions,
  AddResult,
  BatchOptions,
  ClearResult,
  DebounceStatus,
  FlushResult,
} from './debounce-types.js';
import type { DebounceMethod } from './debounce-method.js';
import { givenKey } from './given-key.js';
import { anything, optionMistakes, refuse, text } from '../options/option-checks.js';
import { requestOf } from '../publishing/publish-options.js';
import { eventRestorer } from '../publishing/restore-event.js';
import type { AppPublisher } from '../publishing/app-publisher.js';
import type { WorkerAppParts } from '../parts/worker-app-parts.js';

/** What a `@Debounce` collects, by key, from this process: its batches run in any. Made by `app.debounce(SomeWorker)`. */
export class DebounceHandle<Event = object, State = unknown> {
  /** @internal */
  constructor(
    private readonly parts: WorkerAppParts,
    private readonly publishing: AppPublisher,
    private readonly debounce: DebounceMethod,
  ) {}

  /**
   * Gives one event to its batch, and to no other handler. Resolves when it is stored. A known `eventId` adds nothing: the answer is
   * where the first one went.
   *
   * Throws `ConfigurationError` for options that cannot be, `InvalidEventError` for an event that is not valid or has no key,
   * `EventConflictError` for a known `eventId` with another payload: nothing is stored then. Inside an execution it is an
   * `ExecutionStateError`: publish the event there.
   */
  async add(options: AddOptions<Event>): Promise<AddResult> {
    refuse(
      optionMistakes('add()', options, { id: anything, event: anything, eventId: text, session: text }, [
        'event',
      ]),
    );
    this.assertOutside('add()');
    const { id, event, eventId, session } = options;
    const key = id === undefined ? null : this.keyOf('add()', id);
    const request = await this.requestOf(event, eventId, session ?? null, key);
    const [published] = await this.parts.runtime.publisher.publish([request]);
    const [stored] = published?.executions ?? [];
    if (stored === undefined)
      throw new NotSubscribedError(
        `no process has started with ${this.debounce.handler.id} on this store: start an app with the worker first. ${OTHER_STORE}`,
      );
    const { executionId, batch, duplicate } = stored;
    if (batch !== undefined)
      return {
        created: batch.count === 1 && !duplicate,
        duplicate,
        eventCount: batch.count,
        willFlushAt: batch.dueAt,
        executionId,
      };
    return { created: false, duplicate, executionId, ...(await this.standing(executionId)) };
  }

  /** Has the open batch of the key begin now. Inside an execution, call it in a step. */
  async flush(id: string, options: BatchOptions = {}): Promise<FlushResult> {
    const open = await this.send('flush', id, options);
    if (open === null) return { flushed: false, eventCount: 0, reason: 'empty', executionId: null };
    const { executionId } = open;
    const items = await batchItems(this.parts.store, executionId);
    return { flushed: true, eventCount: items.length, reason: 'manual', executionId };
  }

  /**
   * Discards what the open batch of the key has collected: it ends as cancelled. A batch that begins at this very moment is
   * cancelled as `handle.cancel()` would. Inside an execution, call it in a step.
   */
  async clear(id: string, options: BatchOptions = {}): Promise<ClearResult> {
    const open = await this.send('cancel', id, options);
    if (open === null) return { cleared: false, discardedEvents: 0 };
    const items = await batchItems(this.parts.store, open.executionId);
    return { cleared: true, discardedEvents: items.length };
  }

  /** How the batches of the key stand. Inside an execution, ask in a step. */
  async status(id: string, options: BatchOptions = {}): Promise<DebounceStatus> {
    const newest = await this.newest('status()', id, options);
    if (newest?.isOpen === true)
      return {
        status: 'debouncing',
        eventCount: newest.count,
        startedAt: newest.openedAt,
        willFlushAt: newest.dueAt,
        executionId: newest.executionId,
      };
    return {
      status: newest === null ? 'not_found' : 'idle',
      eventCount: 0,
      startedAt: null,
      willFlushAt: null,
      executionId: newest?.executionId ?? null,
    };
  }

  /**
   * What the method would get if the open batch began now: its events, the newest, or what the reducer makes of them. Null:
   * no batch is open. Rejects with what the reducer throws. Inside an execution, ask in a step.
   */
  async getState(id: string, options: BatchOptions = {}): Promise<State | null> {
    const newest = await this.newest('getState()', id, options);
    if (newest?.isOpen !== true) return null;
    const { worker, policy } = this.debounce;
    const { store, codec, get } = this.parts;
    const services = { codec, events: eventRestorer(this.parts.events) };
    const events = await batchEvents(store, services, newest.executionId);
    if (policy.reduce === null) return (policy.collect === 'latest' ? events.at(-1) : events) as State;
    const instance = get(worker.type as InjectionToken<object>);
    const instanceId = instanceName('debounce', worker.id, this.keyOf('getState()', id));
    return (await foldEvents(instance, policy.reduce, events, instanceId)) as State;
  }

  private async requestOf(
    event: unknown,
    eventId: string | undefined,
    session: string | null,
    key: string | null,
  ): Promise<PublishRequest> {
    const { worker, handler } = this.debounce;
    const { events, clock } = this.parts;
    const resolved = await events.resolve(collectedEvent(this.debounce, event));
    const given = { ...(eventId === undefined ? {} : { id: eventId }), session };
    const request = requestOf({ ...resolved, options: given }, clock);
    const to = { worker: worker.id, method: handler.method, key: key ?? (await this.keyIn(request)) };
    return { ...request, to };
  }

  /** The key of an event that this app would not find by itself: its class is known here, and not among the app's workers. */
  private async keyIn({ definition, data }: PublishRequest): Promise<string | null> {
    const { policy, handler } = this.debounce;
    const { runtime, codec } = this.parts;
    if (policy.key.path !== null || runtime.definitions.handler(handler.id) !== null) return null;
    const checked = await definition.checker.check(data);
    // What is wrong with it is told when it is prepared.
    if (!checked.ok) return null;
    const value = definition.checker.restore(codec.decode(codec.encode(checked.data)));
    return keyIn(policy.key, definition.name, value, this.debounce.handler);
  }

  /** Of an event that was accepted before: how the batch that has it stands. */
  private async standing(executionId: ExecutionId): Promise<Pick<AddResult, 'eventCount' | 'willFlushAt'>> {
    const { store } = this.parts;
    const gate = (await store.read(executionId))?.gate ?? null;
    const newest = gate === null ? null : await store.batch(gate);
    return newest?.isOpen === true && newest.executionId === executionId
      ? { eventCount: newest.count, willFlushAt: newest.dueAt }
      : { eventCount: 0, willFlushAt: null };
  }

  /** Sends a message to the open batch; null: none is open. */
  private async send(
    kind: Extract<MessageKind, 'flush' | 'cancel'>,
    id: string,
    options: BatchOptions,
  ): Promise<StoredBatch | null> {
    const newest = await this.newest(kind === 'flush' ? 'flush()' : 'clear()', id, options);
    if (newest?.isOpen !== true) return null;
    const { runtime, ids } = this.parts;
    const message = { id: ids.next() as MessageId, to: newest.executionId, kind, body: null };
    const verdict = await runtime.writer.write({ kind: 'append', message });
    if (!isApplied(verdict)) return null;
    runtime.messageSent(newest.executionId);
    return newest;
  }

  private async newest(call: string, id: string, options: BatchOptions): Promise<StoredBatch | null> {
    refuse(optionMistakes(call, options, { session: text }));
    this.parts.assertOpen(call);
    const key = this.keyOf(call, id);
    await this.parts.runtime.open();
    return this.parts.store.batch(batchName(this.debounce.handler.id, options.session ?? null, key));
  }

  private keyOf(call: string, id: unknown): string {
    return givenKey(call, id, 'key of the batch');
  }

  private assertOutside(call: string): void {
    this.parts.assertOpen(call);
    const current = this.publishing.ownExecution();
    if (current === undefined) return;
    const { id } = current.context as { readonly id: string };
    const why = 'running, and a resume would add the event again';
    throw new ExecutionStateError(id, call, why, 'Publish the event instead: that is a step');
  }
}
