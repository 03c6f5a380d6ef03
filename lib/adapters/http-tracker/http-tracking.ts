import type { LifecycleEvent } from '../../model/lifecycle-event.js';
import type { Timer } from '../../ports/clock.js';
import type { TrackerContext, Tracking } from '../../ports/tracker.js';
import { durableEffectNames } from './durable-effect-names.js';
import { EventBuffer } from './event-buffer.js';
import type { HttpSettings } from './http-options.js';
import { ownNames } from './own-names.js';
import { type Answer, post } from './post.js';
import { wireEvent } from './wire-event.js';

/** Characters of one request. */
const MOST_TEXT = 2 ** 20;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
/** What is left at the end does not wait for its turn. */
const LAST_PAUSE_MS = 200;
/** So many single events refused in a row: the endpoint is what is wrong. */
const MOST_ASIDE = 3;

type Batch = ReturnType<EventBuffer['take']>;

/** The events of one app on their way: one request at a time, again and again while the endpoint is away. */
export class HttpTracking implements Tracking {
  private readonly buffer: EventBuffer;
  /** Events of the next request: fewer after one that was too much. */
  private most: number;
  private timer: Timer | null = null;
  private isSoon = false;
  private request: AbortController | null = null;
  /** Requests that failed in a row, and what the endpoint asked for after the last. */
  private failures = 0;
  private retryAfterMs = 0;
  /** Each is told once, until a request succeeds. */
  private readonly told = new Set<string>();
  /** Single events that were refused, while it is open whether they are what is wrong, or the endpoint. */
  private aside: Batch = [];
  /** Events of the request that is under way. */
  private inFlight = 0;
  /** Somebody waits for the end. */
  private flushing: { readonly done: () => void; readonly over: Promise<void> } | null = null;
  /** Nothing is sent before the next event comes. */
  private rests = false;

  constructor(
    private readonly settings: HttpSettings,
    private readonly context: TrackerContext,
  ) {
    this.buffer = new EventBuffer(settings.maxBuffered);
    this.most = settings.batchSize;
  }

  add(event: LifecycleEvent): void {
    const { names, common, maxBuffered } = this.settings;
    const { ids, kindOf } = this.context;
    const sent = names === 'holdfast' ? ownNames(event) : durableEffectNames(event, kindOf);
    const before = this.buffer.dropped;
    for (const each of sent) this.buffer.add(wireEvent(each, names, ids.next(), common));
    if (sent.length === 0) return;
    this.rests = false;
    this.arm();
    if (this.buffer.dropped > before)
      this.tell('full', `${maxBuffered} events wait: from here on the oldest are given up, failures last`);
  }

  flush(): Promise<void> {
    if (this.flushing !== null) return this.flushing.over;
    if (this.request === null && this.buffer.size === 0) return Promise.resolve();
    let done = (): void => {};
    const over = new Promise<void>((resolve) => {
      done = resolve;
    });
    const bound = this.context.clock.setTimer(this.settings.flushTimeoutMs, () => this.giveUp());
    this.flushing = {
      over,
      done: () => {
        bound.cancel();
        this.flushing = null;
        done();
      },
    };
    this.disarm();
    this.arm();
    return over;
  }

  end(): void {
    this.rests = true;
    this.disarm();
    this.request?.abort();
    this.flushing?.done();
  }

  /** Time is over, and something is left. */
  private giveUp(): void {
    this.tell('left', `${this.left} events are not sent yet, and are lost when the process ends`);
    this.end();
  }

  private get left(): number {
    return this.buffer.size + this.inFlight + this.aside.length;
  }

  private disarm(): void {
    this.timer?.cancel();
    this.timer = null;
  }

  /** Sees to it that what waits is sent when it is time. */
  private arm(): void {
    if (this.request !== null || this.rests) return;
    if (this.buffer.size === 0) {
      this.flushing?.done();
      return;
    }
    if (this.failures > 0) {
      this.timer ??= this.context.clock.setTimer(this.pauseMs(), () => this.send());
    } else if (this.flushing !== null || this.buffer.size >= this.most) {
      this.disarm();
      if (this.isSoon) return;
      this.isSoon = true;
      this.context.clock.soon(() => {
        this.isSoon = false;
        this.send();
      });
    } else {
      this.timer ??= this.context.clock.setTimer(this.settings.flushIntervalMs, () => this.send());
    }
  }

  private pauseMs(): number {
    if (this.flushing !== null) return LAST_PAUSE_MS;
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** (this.failures - 1), LONGEST_PAUSE_MS);
    const drawn = pause * (0.8 + 0.4 * this.context.random.next());
    return Math.max(drawn, Math.min(this.retryAfterMs, LONGEST_PAUSE_MS));
  }

  private send(): void {
    this.disarm();
    if (this.request !== null || this.rests) return;
    const batch = this.buffer.take(this.most, MOST_TEXT);
    if (batch.length === 0) return;
    const { dropped } = this.buffer;
    const events = batch.map(({ text }) => text).join(',');
    const body = `{"events":[${events}]${dropped === 0 ? '' : `,"dropped":${dropped}`}}`;
    const request = new AbortController();
    this.request = request;
    this.inFlight = batch.length;
    void post(this.settings, body, this.context.clock, request).then((answer) => {
      this.request = null;
      this.inFlight = 0;
      this.answered(answer, batch, dropped);
      this.arm();
    });
  }

  private answered(answer: Answer, batch: Batch, dropped: number): void {
    if (answer.kind === 'taken') {
      this.buffer.told(dropped);
      this.judgeAside();
      this.failures = 0;
      this.most = this.settings.batchSize;
    } else if (answer.kind === 'failed') this.failed(answer.what, answer.retryAfterMs, batch);
    else if (batch.length > 1) {
      // The batch is too much for it, or one of its events is.
      this.buffer.giveBack(batch);
      this.most = Math.ceil(batch.length / 2);
    } else {
      this.aside = [...this.aside, ...batch];
      if (this.aside.length >= MOST_ASIDE || this.buffer.size === 0) this.failed(answer.what, 0, []);
    }
  }

  /** It takes others: what it refused meanwhile is given up, unless it had refused everything for a while. */
  private judgeAside(): void {
    const { aside, failures } = this;
    this.aside = [];
    this.told.clear();
    if (failures > 0 || aside.length === 0) {
      this.buffer.giveBack(aside);
      return;
    }
    this.buffer.gaveUp(aside.length);
    this.tell('refused', `it refuses ${aside.length} of the events, which are given up`);
  }

  private failed(what: string, retryAfterMs: number, batch: Batch): void {
    this.buffer.giveBack([...this.aside, ...batch]);
    this.aside = [];
    // One that was ended here says nothing about the endpoint.
    if (this.rests) return;
    this.failures++;
    this.retryAfterMs = retryAfterMs;
    this.tell('away', `it ${what}: ${this.left} events wait, and are sent again until it takes them`);
  }

  private tell(kind: string, what: string): void {
    if (this.told.has(kind)) return;
    this.told.add(kind);
    this.context.fault(new Error(`httpTracker to ${this.settings.title}: ${what}`));
  }
}
