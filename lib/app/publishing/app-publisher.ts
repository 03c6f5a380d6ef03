import type { Addressee, PublishRequest } from '../../dispatch/publish-request.js';
import type { Published } from '../../dispatch/publisher.js';
import type { Run } from '../../engine/work.js';
import { partsOfDefinition } from '../../model/definition.js';
import { NotStartedError, WorkerError } from '../../model/errors-app.js';
import { ExecutionStateError } from '../../model/errors-execution.js';
import { type CurrentExecution, shared } from '../../ports/current-execution.js';
import type { NewEvent } from '../../ports/store-write.js';
import type { PublishedEvents } from '../../step/publish-call.js';
import { ExecutionHandle, type HandleParts, type Outcome } from '../executions/execution-handle.js';
import { Publication, type ClassOf } from '../executions/publication.js';
import type { EventSources } from './event-sources.js';
import { requestOf, type PublishScope } from './publish-options.js';
import { tooEarly } from './too-early.js';

type Entries = readonly (readonly unknown[])[];

/** What an `AppPublisher` needs of its app. */
export interface AppPublisherParts extends HandleParts {
  readonly events: EventSources;
  /** Whether the host has told its workers: before, an event would start nothing. */
  readonly knowsWorkers: () => boolean;
}

/** What `publish` and its kin do, for the app and for each of its sessions; in an execution they are steps of it. */
export class AppPublisher {
  constructor(
    private readonly parts: AppPublisherParts,
    private readonly workerId: (type: ClassOf<object>) => string,
  ) {}

  publish(args: readonly unknown[], scope: PublishScope | null): Promise<Publication> {
    const current = this.ownExecution();
    return current === undefined
      ? this.publishNow(args, scope)
      : this.publishAsStep(current, [args], scope, ([publication]) => publication as Publication);
  }

  publishMany(entries: Entries, scope: PublishScope | null): Promise<readonly Publication[]> {
    const current = this.ownExecution();
    return current === undefined || entries.length === 0
      ? this.publishAllNow(entries, scope)
      : this.publishAsStep(current, entries, scope, (publications) => publications);
  }

  /** For one keyed handler, or all of an actor, alone: what was accepted, and its executions. Never a step. */
  async publishTo(
    to: Addressee,
    args: readonly unknown[],
  ): Promise<{ readonly accepted: NewEvent; readonly executions: readonly ExecutionHandle[] }> {
    const request = await this.request(args, null);
    const [published] = await this.parts.runtime.publisher.publish([{ ...request, to }]);
    const { accepted } = published as Published;
    return { accepted, executions: this.handlesOf(published as Published) };
  }

  async execute(args: readonly unknown[], scope: PublishScope | null): Promise<readonly unknown[]> {
    this.assertCanWait('execute()');
    const publication = await this.publish(args, scope);
    const settled = await Promise.allSettled(publication.executions.map((execution) => execution.result()));
    const errors: unknown[] = settled.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
    if (errors.length > 1) throw new WorkerError(errors);
    if (errors.length === 1) throw errors[0];
    return settled.map((each) => (each.status === 'fulfilled' ? each.value : undefined));
  }

  async executeMany(
    entries: Entries,
    scope: PublishScope | null,
  ): Promise<readonly (readonly Outcome<unknown>[])[]> {
    this.assertCanWait('executeMany()');
    const publications = await this.publishMany(entries, scope);
    return Promise.all(
      publications.map((each) => Promise.all(each.executions.map((execution) => execution.outcome()))),
    );
  }

  /** The execution that calls, when it is one of this app. */
  ownExecution(): CurrentExecution | undefined {
    const current = shared().storage.getStore();
    return current?.app === this.parts.runtime.publisher ? current : undefined;
  }

  /** Waits only where the event's checker has to be loaded. */
  private request(
    args: readonly unknown[],
    scope: PublishScope | null,
  ): PublishRequest | Promise<PublishRequest> {
    this.parts.assertOpen('publish()');
    if (!this.parts.knowsWorkers()) throw tooEarly('publish()');
    return this.resolve(args, scope);
  }

  private resolve(
    args: readonly unknown[],
    scope: PublishScope | null,
  ): PublishRequest | Promise<PublishRequest> {
    const { events, clock } = this.parts;
    const resolved = events.resolve(args);
    if (resolved instanceof Promise) return resolved.then((late) => requestOf(late, clock, scope));
    return requestOf(resolved, clock, scope);
  }

  private publishNow(args: readonly unknown[], scope: PublishScope | null): Promise<Publication> {
    try {
      const request = this.request(args, scope);
      return request instanceof Promise
        ? request.then((late) => this.publishOne(late))
        : this.publishOne(request);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  private publishOne(request: PublishRequest): Promise<Publication> {
    return this.parts.runtime.publisher.accept([request], this.onlyPublication);
  }

  /** One function for all publishes of one event: most are. */
  private readonly onlyPublication = ([published]: readonly Published[]): Publication =>
    this.publicationOf(published as Published);

  private async publishAllNow(entries: Entries, scope: PublishScope | null): Promise<readonly Publication[]> {
    const requests: PublishRequest[] = [];
    for (const entry of entries) requests.push(await this.request(entry, scope));
    if (requests.length === 0) return [];
    const published = await this.parts.runtime.publisher.publish(requests);
    return published.map((each) => this.publicationOf(each));
  }

  /**
   * What is wrong with the events fails the step: an execution that does not await it fails with it, and not the process.
   * They are of the execution's session, unless it says otherwise.
   */
  private publishAsStep<Answer>(
    current: CurrentExecution,
    entries: Entries,
    given: PublishScope | null,
    answerOf: (publications: readonly Publication[]) => Answer,
  ): Promise<Answer> {
    const { session } = current.context as { readonly session: string | null };
    const scope = given ?? (session === null ? null : { session, isFixed: false });
    const requests = (): Promise<readonly PublishRequest[]> =>
      Promise.all(entries.map(async (entry) => this.resolve(entry, scope)));
    const answer = current.publish(requests).then((stored) => answerOf(this.publicationsOf(stored)));
    answer.catch(() => {});
    return answer;
  }

  private publicationsOf(stored: unknown): readonly Publication[] {
    return (stored as PublishedEvents).events.map((each) =>
      this.publication(
        each.eventId,
        each.event,
        each.executions.map(({ id, definition }) => this.handle(id, definition)),
      ),
    );
  }

  private publicationOf(published: Published): Publication {
    return this.publication(published.eventId, published.event, this.handlesOf(published));
  }

  private publication(eventId: string, event: string, executions: readonly ExecutionHandle[]): Publication {
    return new Publication(eventId, event, executions, this.workerId);
  }

  private handlesOf(published: Published): readonly ExecutionHandle[] {
    return published.executions.map(({ executionId, definition }, at) =>
      this.handle(executionId, definition, published.runs[at] ?? null),
    );
  }

  private handle(id: string, definition: string, run: Run | null = null): ExecutionHandle {
    const known = this.parts.runtime.definitions.handler(definition)?.handler;
    const { worker, method } = known ?? partsOfDefinition(definition);
    return new ExecutionHandle(this.parts, id, worker, method, run);
  }

  /** Throws for a call from within an execution: what it does would be no step. */
  assertOutside(call: string): void {
    const current = this.ownExecution();
    if (current === undefined) return;
    const { id } = current.context as { readonly id: string };
    throw new ExecutionStateError(
      id,
      call,
      'running and would hold its slot while it waits',
      "Publish the event instead, or start the handler with run(Worker, 'method', data) and await it",
    );
  }

  /** Throws, too, where nothing runs that could be waited for. */
  assertCanWait(call: string): void {
    this.assertOutside(call);
    if (!this.parts.runtime.isStarted) throw new NotStartedError(call);
  }
}
