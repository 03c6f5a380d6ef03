import { messageOf } from '../../model/message-of.js';
import type { ExecutionId } from '../../model/ids.js';
import type { Change, StoreContext } from '../../ports/store.js';
import { listOf, type Listed } from './list-of.js';
import type { Subscriber } from './redis-client.js';
import { fromStored } from './stored-text.js';

/** Settled executions that are told one by one; of more, any may be. */
const MOST_SETTLED = 1_000;
/** How long opening a store waits for its subscription. */
const PATIENCE_MS = 5_000;

const everything: Change = Object.freeze({ settled: 'unknown', declared: true });

/** What a script publishes. */
interface Notice {
  /** The tag of the store object that wrote. */
  readonly g?: string;
  /** Ids of what settled; true: too many to say. */
  readonly s?: Listed<string> | true;
  readonly d?: boolean;
  /** The writer's own listeners are to be told, too. */
  readonly o?: boolean;
  /** What became due is hinted at by its writer. */
  readonly h?: boolean;
  /** Nothing became due. */
  readonly n?: boolean;
}

/** Tells listeners what other processes changed: once per turn of the event loop, all that came in it. */
export class ChangeFeed {
  private readonly settled = new Set<ExecutionId>();
  private isUnknown = false;
  private isDeclared = false;
  /** Of all that is to be told. */
  private isHinted = true;
  private isSettledOnly = true;
  private isTelling = false;
  private isClosed = false;
  /** What was changed before the next subscription nobody here has heard. */
  private missed = false;
  private isSubscribed = false;

  constructor(
    private readonly tag: string,
    private readonly listeners: ReadonlySet<(change: Change) => void>,
    private readonly context: StoreContext,
    /** Whether several apps use the store object: then each is told what the others write. */
    private readonly isShared: () => boolean,
  ) {}

  /**
   * Listens as long as the subscriber lives. Resolves when it is subscribed, or when that takes too long: it goes on trying,
   * and warns.
   */
  async listen(subscriber: Subscriber, channel: string): Promise<void> {
    subscriber.on('message', (from, text) => {
      if (from === channel) this.take(text);
    });
    // What fails is tried again; without a listener the package prints it.
    subscriber.on('error', () => undefined);
    const fault = await this.inTime(this.subscribe(subscriber, channel));
    this.missed = true;
    if (fault !== null && !this.isClosed)
      this.context.warn(
        `The Redis store cannot subscribe to '${channel}' (${fault}): until it can, what other processes change is seen by the next sweep only`,
      );
    subscriber.on('close', () => (this.isSubscribed = false));
    subscriber.on('ready', () => void this.subscribe(subscriber, channel));
    // Of a cluster's client: the node that it listens at is another one.
    subscriber.on('+subscriber', () => this.add(everything));
  }

  /** Whether the server counts this store among those that listen. */
  get isHeard(): boolean {
    return this.isSubscribed;
  }

  end(): void {
    this.isClosed = true;
    this.isSubscribed = false;
  }

  /** What went wrong; null: nothing. */
  private async subscribe(subscriber: Subscriber, channel: string): Promise<string | null> {
    try {
      await subscriber.subscribe(channel);
      this.isSubscribed = true;
      if (this.missed) this.add(everything);
      return null;
    } catch (error) {
      return messageOf(error);
    }
  }

  private inTime(subscribing: Promise<string | null>): Promise<string | null> {
    return new Promise((resolve) => {
      const late = this.context.clock.setTimer(PATIENCE_MS, () => {
        this.missed = true;
        resolve(`no answer within ${PATIENCE_MS} ms`);
      });
      void subscribing.then((fault) => {
        late.cancel();
        resolve(fault);
      });
    });
  }

  private take(text: string): void {
    const notice = noticeIn(text);
    if (notice === null) return;
    const { g, s, d, o, h, n } = notice;
    if (g !== this.tag || this.isShared())
      this.add({
        settled: s === true ? 'unknown' : listOf(s).map((id) => fromStored(id) as ExecutionId),
        declared: d === true,
        hinted: h === true,
        settledOnly: n === true,
      });
    else if (o === true) this.add({ settled: [], declared: false });
  }

  private add({ settled, declared, hinted = false, settledOnly = false }: Change): void {
    if (settled === 'unknown' || this.settled.size + settled.length > MOST_SETTLED) this.isUnknown = true;
    else for (const id of settled) this.settled.add(id);
    this.isDeclared ||= declared;
    this.isHinted &&= hinted;
    this.isSettledOnly &&= settledOnly;
    if (this.isTelling || this.isClosed) return;
    this.isTelling = true;
    this.context.clock.soon(() => this.tell());
  }

  private tell(): void {
    const change: Change = {
      settled: this.isUnknown ? 'unknown' : [...this.settled],
      declared: this.isDeclared,
      ...(this.isHinted ? { hinted: true } : null),
      ...(this.isSettledOnly ? { settledOnly: true } : null),
    };
    this.settled.clear();
    this.isTelling = this.isUnknown = this.isDeclared = false;
    this.isHinted = this.isSettledOnly = true;
    if (!this.isClosed) for (const listener of this.listeners) listener(change);
  }
}

/** Null: it is none of ours. */
function noticeIn(text: string): Notice | null {
  try {
    const notice: unknown = JSON.parse(text);
    return typeof notice === 'object' ? notice : null;
  } catch {
    return null;
  }
}
