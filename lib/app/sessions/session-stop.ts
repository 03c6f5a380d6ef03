import type { Waiter } from '../../engine/work.js';
import { SESSION_STOPPED } from '../../model/cancel-reason.js';
import type { Duration } from '../../model/duration.js';
import { parseDuration } from '../../model/duration.js';
import type { ExecutionId, MessageId } from '../../model/ids.js';
import type { Timer } from '../../ports/clock.js';
import { isApplied } from '../../ports/is-applied.js';
import type { OpenPage } from '../../ports/stored-session.js';
import type { HandleParts } from '../executions/execution-handle.js';
import { durationFrom, optionMistakes, refuse } from '../options/option-checks.js';

/** Of `stop` and `stopAll`. */
export interface StopOptions {
  /**
   * How long it waits until what it told has ended; 10 s by default, 0: not at all. It never waits for workers that are
   * paused, in an execution, nor before `start()`. What has not ended by then ends later, wherever it runs.
   */
  readonly wait?: Duration;
}

/** What a stop did. */
export interface StopResult {
  /** Executions that were told to end. */
  readonly stopped: number;
  /** All of them had ended when the call resolved. */
  readonly ended: boolean;
}

/** Executions that one page holds at most. */
const PAGE = 500;
const WAIT_MS = 10_000;

/** Which executions of a session a stop has told, so that they are found again. */
interface Told {
  readonly session: string;
  readonly upTo: number;
}

/** Throws `ConfigurationError` for options that cannot be. */
export function waitMsOf(call: string, options: StopOptions): number {
  refuse(optionMistakes(call, options, { wait: durationFrom(0) }));
  return options.wait === undefined ? WAIT_MS : (parseDuration(options.wait) ?? WAIT_MS);
}

/** Stops sessions: each is told page by page, then those that were told are awaited. */
export class SessionStop {
  private readonly told: Told[] = [];
  private stopped = 0;
  private isLate = false;

  constructor(private readonly parts: HandleParts) {}

  /** Tells what is open of the session to end, all that was accepted before this call and what comes of it. */
  async tell(session: string): Promise<void> {
    const { store, ids, runtime } = this.parts;
    const stopId = ids.next();
    let page: OpenPage | null = null;
    // What is told may publish until it is told: it comes after the page, and is on the next one.
    do {
      const { upTo, next: after } = page ?? { upTo: null, next: 0 };
      page = await store.openOf({ session, upTo, after, limit: PAGE });
      const told = await Promise.all(
        page.executions.map(async ({ id }) => {
          const message = { id: stopId as MessageId, to: id, kind: 'cancel', body: SESSION_STOPPED } as const;
          return isApplied(await runtime.writer.write({ kind: 'append', message }));
        }),
      );
      this.stopped += told.filter(Boolean).length;
      if (page.executions.length > 0) runtime.messageSent(...page.executions.map(({ id }) => id));
    } while (page.more || page.executions.length > 0);
    this.told.push({ session, upTo: page.upTo });
  }

  /** Waits until what was told has ended, at most that long. */
  async ended(waitMs: number): Promise<StopResult> {
    const { clock } = this.parts;
    let timer: Timer | null = null;
    const late = new Promise<void>((resolve) => {
      if (waitMs === 0) resolve();
      else timer = clock.setTimer(waitMs, resolve);
    }).then(() => {
      this.isLate = true;
    });
    if (waitMs === 0) await late;
    try {
      for (const each of this.told) if (!this.isLate) await this.awaitSession(each, late);
    } finally {
      (timer as Timer | null)?.cancel();
    }
    return { stopped: this.stopped, ended: await this.haveEnded() };
  }

  private async awaitSession({ session, upTo }: Told, late: Promise<void>): Promise<void> {
    const { store, runtime } = this.parts;
    let page: OpenPage | null = null;
    do {
      const request = { session, upTo, after: page?.next ?? 0, limit: PAGE };
      page = await store.openOf(request);
      const awaited = page.executions.filter(({ definition }) => !runtime.paused.has(definition));
      if (awaited.length > 0) await this.awaitPage(new Set(awaited.map(({ id }) => id)), request, late);
    } while (page.more && !this.isLate);
  }

  /** Each is told by the pass that ends it or by the next poll; those that ended meanwhile are not on the page any more. */
  private async awaitPage(
    ids: ReadonlySet<ExecutionId>,
    request: { session: string; upTo: number; after: number; limit: number },
    late: Promise<void>,
  ): Promise<void> {
    const { store, runtime } = this.parts;
    const { outcomes } = runtime;
    const open = new Set(ids);
    let done: () => void = () => {};
    const all = new Promise<void>((resolve) => {
      done = resolve;
    });
    const waiters = new Map<ExecutionId, Waiter>();
    const ended = (id: ExecutionId): void => {
      open.delete(id);
      if (open.size === 0) done();
    };
    for (const id of ids) {
      const waiter = { told: () => ended(id) };
      waiters.set(id, waiter);
      outcomes.wait(id, waiter);
    }
    try {
      const still = new Set((await store.openOf(request)).executions.map(({ id }) => id));
      for (const id of ids) if (!still.has(id)) ended(id);
      await Promise.race([all, late]);
    } finally {
      for (const [id, waiter] of waiters) outcomes.forget(id, waiter);
    }
  }

  private async haveEnded(): Promise<boolean> {
    for (const { session, upTo } of this.told) {
      let page: OpenPage | null = null;
      do {
        page = await this.parts.store.openOf({ session, upTo, after: page?.next ?? 0, limit: PAGE });
        if (page.executions.length > 0) return false;
      } while (page.more);
    }
    return true;
  }
}
