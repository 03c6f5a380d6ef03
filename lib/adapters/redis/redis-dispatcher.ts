import { ConfigurationError } from '../../model/errors-boot.js';
import { HintsUndeliveredError } from '../../model/errors-http.js';
import type { Hint } from '../../model/hint.js';
import { messageOf } from '../../model/message-of.js';
import type { Clock } from '../../ports/clock.js';
import { outsideExecutions } from '../../ports/current-execution.js';
import type { DispatchContext, Dispatcher, HintQueue, HintReceiver } from '../../ports/dispatcher.js';
import { Outbox } from '../../ports/outbox.js';
import { ConnectFault } from './connect-fault.js';
import { hintMessage, hintsOf, MOST_HINTS } from './hint-message.js';
import {
  clientOf,
  type HintClient,
  type OwnClient,
  type Subscriber,
  subscriberBeside,
} from './redis-client.js';

/** How long a start waits for its subscription; it goes on trying. */
const PATIENCE_MS = 5_000;

export interface RedisDispatcherSettings {
  /** Null: it makes one from the URL. */
  readonly client: HintClient | null;
  readonly url: string;
  readonly channel: string;
  /** Hints that may wait to be sent. */
  readonly buffer: number;
  readonly clock: Clock;
}

/**
 * Tells all processes of due work by one channel of Redis: at most once, to whoever listens just then. Those of a turn of the event loop
 * go in one message, and while it goes the next ones gather.
 */
export class RedisDispatcher implements Dispatcher {
  readonly local = false;
  private readonly outbox: Outbox<Hint>;
  private own: Promise<OwnClient> | null = null;
  private subscriber: Subscriber | null = null;
  private receive: HintReceiver | null = null;
  private readonly received = new Set<Promise<void>>();

  /** @internal */
  constructor(private readonly settings: RedisDispatcherSettings) {
    const { channel, buffer } = settings;
    this.outbox = new Outbox({
      limit: buffer,
      batch: MOST_HINTS,
      send: (hints) => this.publish(hints),
      undelivered: (why, cause) => new HintsUndeliveredError(`Redis channel '${channel}'`, why, cause),
    });
  }

  get isStarted(): boolean {
    return this.receive !== null;
  }

  /**
   * Rejects when the package is missing, and with `ConfigurationError` when another app has started it. A server that is not there is
   * a fault, told once: it is listened to when it comes, and a connection that breaks comes back by itself.
   */
  async start(receive: HintReceiver, context?: DispatchContext): Promise<void> {
    if (this.isStarted) throw startedAlready();
    this.receive = receive;
    const { channel } = this.settings;
    const client = await this.client().catch((error: unknown) => {
      if (this.receive === receive) this.receive = null;
      throw error;
    });
    // Stopped meanwhile.
    if (this.receive !== receive) return;
    const subscriber = subscriberBeside(client);
    this.subscriber = subscriber;
    subscriber.on('message', (from, message) => {
      if (from === channel && this.subscriber === subscriber) this.hand(hintsOf(message));
    });
    const fault = await this.inTime(this.subscribed(subscriber));
    // What a refused connection had to subscribe to is forgotten with it.
    subscriber.on('ready', () => void subscriber.subscribe(channel).catch(() => undefined));
    if (fault !== null && this.subscriber === subscriber) context?.fault('subscribe to hints', fault);
  }

  /** Rejects with `HintsUndeliveredError`. */
  async send(hints: readonly Hint[]): Promise<void> {
    await outsideExecutions(() => this.outbox.add(hints));
  }

  async queues(): Promise<Readonly<Record<string, HintQueue>>> {
    return { [this.settings.channel]: { ...this.outbox.size, delayed: 0 } };
  }

  async stop(): Promise<void> {
    this.receive = null;
    const { subscriber } = this;
    this.subscriber = null;
    subscriber?.disconnect();
    await Promise.all(this.received);
  }

  async close(): Promise<void> {
    await this.stop();
    const { own } = this;
    if (own === null) return;
    await this.inTime(this.outbox.idle());
    this.own = null;
    // Without its package there is none.
    const client = await own.catch(() => null);
    if (client === null) return;
    if (client.status === 'ready') await this.inTime(client.quit());
    client.disconnect();
  }

  /** Rejects with the first trouble of the connection, which is tried again all the same. */
  private async subscribed(subscriber: Subscriber): Promise<void> {
    const { client, url, channel } = this.settings;
    // Later ones are of no use; without a listener the package prints them.
    const failed = new Promise<never>((_, reject) => subscriber.on('error', reject));
    try {
      await Promise.race([subscriber.subscribe(channel), failed]);
    } catch (error) {
      throw new ConnectFault(client ?? url, error);
    }
  }

  /** Does not wait for the receiver. A hint that it could not take is a lost hint: the sweep finds the work. */
  private hand(hints: readonly Hint[]): void {
    for (const hint of hints) {
      const delivery = Promise.resolve()
        .then(() => this.receive?.(hint))
        .catch(() => undefined);
      this.received.add(delivery);
      void delivery.then(() => this.received.delete(delivery));
    }
  }

  private async publish(hints: readonly Hint[]): Promise<readonly never[]> {
    const client = await this.client();
    await client.publish(this.settings.channel, hintMessage(hints));
    return [];
  }

  private async client(): Promise<HintClient> {
    if (this.settings.client !== null) return this.settings.client;
    this.own ??= clientOf(this.settings.url, 'redisDispatcher()').catch((error: unknown) => {
      this.own = null;
      throw error;
    });
    return this.own;
  }

  /** What went wrong; null: nothing. */
  private inTime(task: Promise<unknown>): Promise<Error | null> {
    return new Promise((resolve) => {
      const late = this.settings.clock.setTimer(PATIENCE_MS, () =>
        resolve(new Error(`no answer within ${PATIENCE_MS} ms`)),
      );
      const end = (fault: Error | null): void => {
        late.cancel();
        resolve(fault);
      };
      task.then(
        () => end(null),
        (error: unknown) => end(error instanceof Error ? error : new Error(messageOf(error))),
      );
    });
  }
}

function startedAlready(): ConfigurationError {
  const found = 'another app has started it already';
  return new ConfigurationError([
    { option: 'redisDispatcher()', found, write: 'Make one for each app: redisDispatcher({ … })' },
  ]);
}
