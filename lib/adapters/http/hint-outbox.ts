import { HintsUndeliveredError } from '../../model/errors-http.js';
import type { Hint } from '../../model/hint.js';
import type { Timer } from '../../ports/clock.js';
import type { Random } from '../../ports/random.js';
import { hintBody } from './hint-body.js';
import { type Peer, type PostAnswer, postHints } from './post-hints.js';

/** The first pause after a request that failed, and the longest; each is twice the one before, less a random part. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
/** Ids are short; should some be long, fewer go into one request. */
const MOST_BYTES = 128 * 1024;

export interface OutboxOptions extends Peer {
  readonly random: Random;
  /** Hints that may wait. */
  readonly buffer: number;
  /** Hints of one request, at most. */
  readonly batch: number;
  /** Requests in a row that may fail before what waits is given up. */
  readonly attempts: number;
}

interface Waiting {
  readonly hint: Hint;
  readonly sending: Sending;
}

/** The hints of one `send`, until each has arrived. */
interface Sending {
  left: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** What is to be told to one peer. While one request is under way, the next one gathers. */
export class HintOutbox {
  private waiting: Waiting[] = [];
  private underway = 0;
  private working: Promise<void> | null = null;
  private failures = 0;
  private resting: { readonly timer: Timer; readonly end: () => void } | null = null;
  private stopped = new AbortController();

  constructor(private readonly options: OutboxOptions) {}

  /** Resolves when the peer has taken the hints; rejects with `HintsUndeliveredError` once they are given up. */
  send(hints: readonly Hint[]): Promise<void> {
    if (hints.length === 0) return Promise.resolve();
    if (this.waiting.length + this.underway + hints.length > this.options.buffer)
      return Promise.reject(this.undelivered(`${this.options.buffer} wait already`));
    return new Promise((resolve, reject) => {
      const sending = { left: hints.length, resolve, reject };
      for (const hint of hints) this.waiting.push({ hint, sending });
      this.begin();
    });
  }

  get size(): { readonly url: string; readonly waiting: number; readonly running: number } {
    return { url: this.options.url, waiting: this.waiting.length, running: this.underway };
  }

  /** Lets what waits go out for at most `ms`, then gives it up. Later hints may be sent all the same. */
  async drain(ms: number): Promise<void> {
    if (this.working === null) return;
    const timer = this.options.clock.setTimer(ms, () => this.giveUp());
    await this.working;
    timer.cancel();
  }

  private begin(): void {
    this.working ??= this.work().finally(() => {
      this.working = null;
      if (this.waiting.length > 0) this.begin();
    });
  }

  private giveUp(): void {
    this.stopped.abort();
    this.drop(this.waiting.splice(0), this.undelivered('the app stops'));
    this.resting?.end();
  }

  private async work(): Promise<void> {
    // What is sent before the event loop goes on goes in one request.
    await Promise.resolve();
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, this.sizeOfBatch());
      this.underway = batch.length;
      await this.deliver(batch);
      this.underway = 0;
      if (this.stopped.signal.aborted) this.stopped = new AbortController();
    }
  }

  private sizeOfBatch(): number {
    let bytes = 0;
    const most = Math.min(this.waiting.length, this.options.batch);
    for (let size = 0; size < most; size++) {
      bytes += 6 * (this.waiting[size] as Waiting).hint.executionId.length + 24;
      if (bytes > MOST_BYTES) return Math.max(1, size);
    }
    return most;
  }

  private async deliver(batch: readonly Waiting[]): Promise<void> {
    const body = hintBody(batch.map(({ hint }) => hint));
    for (;;) {
      const answer = await postHints(this.options, body, this.stopped.signal);
      if (answer.kind === 'taken') {
        this.failures = 0;
        for (const { sending } of batch) if (--sending.left === 0) sending.resolve();
        return;
      }
      this.failures++;
      const mayRepeat = answer.kind === 'unavailable' && this.failures < this.options.attempts;
      if (mayRepeat && !this.stopped.signal.aborted) await this.rest(answer.retryAfterMs);
      if (mayRepeat && !this.stopped.signal.aborted) continue;
      // What waits behind it would fare no better; the sweep of the peer finds all of it.
      this.drop([...batch, ...this.waiting.splice(0)], this.errorOf(answer));
      return;
    }
  }

  private rest(retryAfterMs: number | null): Promise<void> {
    const { clock, random } = this.options;
    const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.failures - 1));
    const pauseMs = Math.min(LONGEST_PAUSE_MS, retryAfterMs ?? longest * (0.5 + random.next() / 2));
    return new Promise((resolve) => {
      const end = (): void => {
        this.resting?.timer.cancel();
        this.resting = null;
        resolve();
      };
      this.resting = { timer: clock.setTimer(pauseMs, end), end };
    });
  }

  private drop(lost: readonly Waiting[], error: HintsUndeliveredError): void {
    for (const sending of new Set(lost.map((each) => each.sending))) sending.reject(error);
  }

  private errorOf(answer: Exclude<PostAnswer, { readonly kind: 'taken' }>): HintsUndeliveredError {
    if (this.stopped.signal.aborted) return this.undelivered('the app stops');
    return this.undelivered(answer.why, answer.kind === 'unavailable' ? answer.cause : undefined);
  }

  private undelivered(why: string, cause?: unknown): HintsUndeliveredError {
    return new HintsUndeliveredError(this.options.url, why, cause);
  }
}
