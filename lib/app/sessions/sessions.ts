import { ConfigurationError } from '../../model/errors-boot.js';
import type { UnionMember } from '../../model/event-source.js';
import type { ExecutionSummary, ListFilter } from '../executions/execution-list.js';
import { optionMistakes, refuse, text, wholeBetween } from '../options/option-checks.js';
import type { AppPublisher } from '../publishing/app-publisher.js';
import { SessionHandle, type SessionParts } from './session-handle.js';
import { SessionStates } from './session-states.js';
import { SessionStop, waitMsOf, type StopOptions, type StopResult } from './session-stop.js';
import { tallySession } from '../executions/stats.js';
import type { WorkerAppParts } from '../parts/worker-app-parts.js';

/** Which of the open sessions `active` tells. */
export interface SessionPage {
  /** The last of the page before. */
  readonly after?: string;
  /** 1 to 10,000; 1,000 by default. */
  readonly limit?: number;
}

const LONGEST_ID = 16_384;
const PAGE = 1_000;
const PAGE_CHECKS = { after: text, limit: wholeBetween(1, 10_000) };

/** All sessions of the store. */
export class Sessions {
  private readonly own: SessionParts;

  /** @internal */
  constructor(
    private readonly parts: WorkerAppParts,
    publishing: AppPublisher,
    list: (filter: ListFilter, call: string) => Promise<readonly ExecutionSummary[]>,
  ) {
    this.own = {
      publishing,
      states: new SessionStates(parts, publishing),
      stats: async (session) => {
        this.assertOpen('session().stats()');
        return tallySession(await parts.store.counts(session));
      },
      list: (session, filter) => list({ ...filter, session }, 'session().list()'),
      stop: (sessions, call, options) => this.stop(sessions, call, options),
    };
  }

  /**
   * Ids of sessions that have something which has not ended, parked executions included, in an order that stays. Throws
   * `ConfigurationError` for options that cannot be.
   */
  async active(page: SessionPage = {}): Promise<readonly string[]> {
    this.assertOpen('sessions.active()');
    refuse(optionMistakes('sessions.active()', page, PAGE_CHECKS));
    return this.parts.store.openSessions(page.after ?? null, page.limit ?? PAGE);
  }

  /** Stops every session that is active, as its own `stop` does; what belongs to no session goes on. */
  stopAll(options: StopOptions = {}): Promise<StopResult> {
    return this.stop(this.all(), 'sessions.stopAll()', options);
  }

  /** @internal */
  of<Union extends UnionMember>(id: string): SessionHandle<Union> {
    this.assertOpen('session()');
    if (typeof id !== 'string' || id === '' || id.length > LONGEST_ID)
      throw new ConfigurationError([
        {
          option: 'session(): id',
          found:
            typeof id === 'string'
              ? `it has ${id.length} characters`
              : `found ${id === null ? 'null' : typeof id}`,
          write: `Write text of 1 to ${LONGEST_ID} characters`,
        },
      ]);
    return new SessionHandle(this.own, id);
  }

  private async stop(
    sessions: Iterable<string> | AsyncIterable<string>,
    call: string,
    options: StopOptions,
  ): Promise<StopResult> {
    this.assertOpen(call);
    const waitMs = waitMsOf(call, options);
    const stop = new SessionStop(this.parts);
    for await (const session of sessions) await stop.tell(session);
    const mayWait = this.parts.runtime.isStarted && this.own.publishing.ownExecution() === undefined;
    return stop.ended(mayWait ? waitMs : 0);
  }

  private async *all(): AsyncGenerator<string> {
    let after: string | null = null;
    for (;;) {
      const page: readonly string[] = await this.parts.store.openSessions(after, PAGE);
      yield* page;
      if (page.length < PAGE) return;
      after = page.at(-1) ?? null;
    }
  }

  private assertOpen(call: string): void {
    this.parts.assertOpen(call);
  }
}
