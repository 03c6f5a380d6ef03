import type { EventInput, UnionMember } from '../../model/event-source.js';
import type { StateSource } from '../../model/state-source.js';
import type { ExecutionSummary, ListFilter } from '../executions/execution-list.js';
import type { Outcome } from '../executions/execution-handle.js';
import type { Publication } from '../executions/publication.js';
import type { PublishOptions } from '../publishing/publish-options.js';
import type { NotAUnionMember, Publishable } from '../publishing/publishable.js';
import type { AppPublisher } from '../publishing/app-publisher.js';
import type { SessionState } from './session-state.js';
import type { SessionStates, StateOptions } from './session-states.js';
import type { SessionStats } from '../executions/stats.js';
import type { StopOptions, StopResult } from './session-stop.js';

/** How an event is published into a session. Unknown or impossible options are a `ConfigurationError`. */
export type SessionPublishOptions = Omit<PublishOptions, 'session'>;

/** An entry of `publishMany` of a session: an event with its data, or an instance of an event class alone. */
export type SessionEntry =
  | readonly [event: Publishable, data: unknown, options?: SessionPublishOptions]
  | readonly [event: object, options?: SessionPublishOptions];

/** What `list` of a session selects; all that is given must match. */
export type SessionFilter = Omit<ListFilter, 'session'>;

/** What a session's handle works with. */
export interface SessionParts {
  readonly publishing: AppPublisher;
  readonly states: SessionStates;
  stats(session: string): Promise<SessionStats>;
  list(session: string, filter: SessionFilter): Promise<readonly ExecutionSummary[]>;
  stop(
    sessions: Iterable<string> | AsyncIterable<string>,
    call: string,
    options: StopOptions,
  ): Promise<StopResult>;
}

/**
 * One session: executions that belong together (of a tenant, a chat, an import), served in turn with those of other sessions,
 * counted, listed and stopped by themselves. It begins with the first event that is published into it. What its executions
 * publish belongs to it, too, unless they say otherwise.
 */
export class SessionHandle<Union extends UnionMember = never> {
  /** @internal */
  constructor(
    private readonly parts: SessionParts,
    readonly id: string,
  ) {}

  /** An instance of an event class, or a member of the app's union: as with class and data. */
  publish<Instance extends object>(
    event: NotAUnionMember<Instance, Union>,
    options?: SessionPublishOptions,
  ): Promise<Publication>;
  publish(event: Union, options?: SessionPublishOptions): Promise<Publication>;
  /** As `app.publish`, into this session. */
  publish<Source extends Publishable>(
    event: Source,
    data: EventInput<Source>,
    options?: SessionPublishOptions,
  ): Promise<Publication>;
  publish(...args: readonly unknown[]): Promise<Publication> {
    return this.parts.publishing.publish(args, { session: this.id, isFixed: true });
  }

  /** As `app.publishMany`, into this session: accepts all events or none. */
  publishMany(entries: readonly SessionEntry[]): Promise<readonly Publication[]> {
    return this.parts.publishing.publishMany(entries, { session: this.id, isFixed: true });
  }

  execute<Instance extends object>(
    event: NotAUnionMember<Instance, Union>,
    options?: SessionPublishOptions,
  ): Promise<readonly unknown[]>;
  execute(event: Union, options?: SessionPublishOptions): Promise<readonly unknown[]>;
  /** As `app.execute`, in this session. Rejects with `SessionStoppedError` when the session is stopped meanwhile. */
  execute<Source extends Publishable>(
    event: Source,
    data: EventInput<Source>,
    options?: SessionPublishOptions,
  ): Promise<readonly unknown[]>;
  execute(...args: readonly unknown[]): Promise<readonly unknown[]> {
    return this.parts.publishing.execute(args, { session: this.id, isFixed: true });
  }

  /** As `app.executeMany`, in this session: per event, in order, the outcomes of its executions. */
  executeMany(entries: readonly SessionEntry[]): Promise<readonly (readonly Outcome<unknown>[])[]> {
    return this.parts.publishing.executeMany(entries, { session: this.id, isFixed: true });
  }

  /** Counts of what is stored of this session, by status and worker. */
  stats(): Promise<SessionStats> {
    return this.parts.stats(this.id);
  }

  /** Its executions, oldest first. Throws `ConfigurationError` for a filter that is unknown or impossible. */
  list(filter: SessionFilter = {}): Promise<readonly ExecutionSummary[]> {
    return this.parts.list(this.id, filter);
  }

  /**
   * State that the session shares, as that class or schema says it is. Throws `ConfigurationError` for a schema without
   * `name`, and for a class whose name is none that lasts.
   */
  state<State>(source: StateSource<State>, options: StateOptions = {}): SessionState<State> {
    return this.parts.states.of(this.id, source, options);
  }

  /**
   * Ends all of the session that was accepted before this call, and what comes of it, as `cancel()` does: what waits or is
   * parked never runs again, running bodies are told by their signal, and steps that have a compensation are undone. Whoever
   * waits for it gets `SessionStoppedError`. Of other sessions nothing is touched, and what is published into this one later
   * runs. Throws `ConfigurationError` for options that cannot be.
   *
   * @example
   * const { stopped, ended } = await app.session('tenant-1').stop();
   */
  stop(options: StopOptions = {}): Promise<StopResult> {
    return this.parts.stop([this.id], `session('${this.id}').stop()`, options);
  }
}
