import { randomBytes } from 'node:crypto';
import type { EventEmitter } from 'node:events';
import { StoreUnavailableError } from '../../model/errors-store.js';
import { HoldfastError } from '../../model/errors.js';
import { messageOf } from '../../model/message-of.js';
import type { Change, StoreContext } from '../../ports/store.js';
import { ChangeFeed } from './change-feed.js';
import { ConnectFault, isOfConnection } from './connect-fault.js';
import type { ScriptName } from './lua/scripts.js';
import {
  connectTo,
  isCluster,
  type OwnClient,
  type RedisClient,
  type Subscriber,
  subscriberBeside,
} from './redis-client.js';
import type { RedisStoreOptions } from './redis-options.js';
import { RegressionWatch } from './regression-watch.js';
import { type Reply, ScriptRunner } from './script-runner.js';
import { ServerClock } from './server-clock.js';
import { checkLayout, checkServers } from './server-checks.js';

/** What a session is opened with. */
export interface SessionOptions extends RedisStoreOptions {
  readonly root: string;
  readonly listeners: ReadonlySet<(change: Change) => void>;
  /** Whether several apps use the store object. */
  readonly isShared: () => boolean;
}

/** How many writes of the store object the server has counted, this one included. */
interface Counted {
  readonly b: number;
}

/** An open store: its connections, and what was learnt of the server. */
export class RedisSession {
  readonly runner: ScriptRunner;
  readonly watch: RegressionWatch;
  readonly clock: ServerClock;
  private readonly tag = randomBytes(9).toString('base64url');
  private readonly subscriber: Subscriber;
  private readonly feed: ChangeFeed;

  private constructor(
    private readonly options: SessionOptions,
    readonly context: StoreContext,
    private readonly client: RedisClient,
    /** The client, where it is ours to close. */
    private readonly own: OwnClient | null,
    readonly durability: string,
  ) {
    const { clock } = context;
    const now = options.time === 'app' ? () => String(clock.now()) : () => '';
    const { tag } = this;
    // A node of a cluster knows only of those who listen at it.
    const hears = () => this.feed.isHeard && !isCluster(client) && !options.isShared();
    this.clock = new ServerClock(context.warn);
    this.watch = new RegressionWatch(context.warn, clock);
    const tagged = (asksToRemember: boolean) => `${asksToRemember ? '!' : ''}${hears() ? '+' : ''}${tag}`;
    this.runner = new ScriptRunner(client, options.root, tagged, now, clock, this.clock.heard);
    this.subscriber = subscriberBeside(client);
    this.feed = new ChangeFeed(this.tag, options.listeners, context, options.isShared);
  }

  /** Connects, and looks whether the server can be trusted. What it has opened is closed when it cannot. */
  static async open(options: SessionOptions, context: StoreContext): Promise<RedisSession> {
    const own = options.client === undefined ? await connected(options.url ?? '') : null;
    const client = options.client ?? (own as OwnClient);
    const told = errorsOf(client);
    try {
      const { durability, warning } = await checkServers(client, options.durability);
      await checkLayout(client, options.root);
      if (warning !== null) context.warn(warning);
      const session = new RedisSession(options, context, client, own, durability);
      await session.runner.run('paused', []);
      await session.feed.listen(session.subscriber, `${options.root}:changes`);
      return session;
    } catch (error) {
      own?.disconnect();
      throw error instanceof HoldfastError ? error : unavailable(faultOf(options, told.last(), error));
    } finally {
      told.end();
    }
  }

  /**
   * Runs a script that the server counts as a write, and compares the count. Rejects as `run` does, and with `StoreRegressionError`
   * when the server has lost writes.
   */
  async write<Answer extends Counted>(name: ScriptName, payload: readonly string[]): Promise<Answer & Reply> {
    const sent = this.watch.sent();
    const reply = await this.runner.run<Answer>(name, payload, sent.asksToRemember);
    sent.answered(reply.b);
    return reply;
  }

  /** Asks the subscription for a sign of life: without an answer in time the client connects anew. */
  knock(): void {
    if (this.subscriber.status === 'ready') void this.subscriber.ping().catch(() => undefined);
  }

  async close(): Promise<void> {
    this.feed.end();
    this.subscriber.disconnect();
    if (this.own === null) return;
    if (this.own.status === 'ready') await this.own.quit().catch(() => undefined);
    this.own.disconnect();
  }
}

async function connected(url: string): Promise<OwnClient> {
  try {
    return await connectTo(url, 'redisStore()');
  } catch (error) {
    throw error instanceof HoldfastError ? error : unavailable(error);
  }
}

/** What a client tells while a store is opened on it: the call that fails only says that it failed. */
function errorsOf(client: RedisClient): { last(): unknown; end(): void } {
  const emitter = client as Partial<EventEmitter>;
  let last: unknown = null;
  const listener = (error: unknown): void => void (last = error);
  emitter.on?.('error', listener);
  return { last: () => last, end: () => void emitter.off?.('error', listener) };
}

function faultOf({ client, url = '' }: SessionOptions, last: unknown, error: unknown): unknown {
  return isOfConnection(error) ? new ConnectFault(client ?? url, last ?? error) : error;
}

function unavailable(error: unknown): StoreUnavailableError {
  const cause = error instanceof ConnectFault ? error.cause : error;
  return new StoreUnavailableError(`the Redis store could not be opened: ${messageOf(error)}`, cause);
}
