import { createHash } from 'node:crypto';
import { StoreUnavailableError } from '../../model/errors-store.js';
import type { Clock } from '../../ports/clock.js';
import { wordsOf } from './connect-fault.js';
import { type ScriptName, scripts } from './lua/scripts.js';
import { isCluster, type RedisClient } from './redis-client.js';

/** What every script answers. */
export interface Reply {
  /** The instant, epoch ms, by which it was done. */
  readonly t: number;
}

/** When a call was sent and answered by this machine's clock, and done by that of the store; epoch ms. */
export interface Answered {
  readonly sentAt: number;
  readonly doneAt: number;
  readonly answeredAt: number;
}

/** Runs scripts: one round trip each, two where a server sees a script for the first time. */
export class ScriptRunner {
  private readonly hashes = new Map<ScriptName, string>();
  /**
   * The first is the root, the second there for clusters: neither is ever stored. While a slot moves to another primary, a server
   * that is asked for two keys it does not have runs nothing (TRYAGAIN); asked for one, it would run scripts on half a store.
   */
  private readonly keys: readonly string[];

  /** `now`: epoch ms as text; empty: the server's clock. `tag`: unique to this store object, behind the marks of `lua/head.ts`. */
  constructor(
    private readonly client: RedisClient,
    root: string,
    private readonly tag: (asksToRemember: boolean) => string,
    private readonly now: () => string,
    private readonly clock: Pick<Clock, 'now'>,
    private readonly answered: (call: Answered) => void,
  ) {
    this.keys = isCluster(client) ? [root, `${root}:`] : [root];
  }

  /**
   * Rejects with `StoreUnavailableError` for whatever the client or the server reports: the outcome is unknown. `asksToRemember`: a
   * script that counts asks the server to remember the count for another day.
   */
  async run<Answer>(
    name: ScriptName,
    payload: readonly string[],
    asksToRemember = false,
  ): Promise<Answer & Reply> {
    try {
      const sentAt = this.clock.now();
      const args = [...this.keys, this.now(), this.tag(asksToRemember), ...payload];
      let text: unknown;
      try {
        text = await this.client.evalsha(this.hashOf(name), this.keys.length, ...args);
      } catch (error) {
        text = await this.evaluate(name, args, error);
      }
      const reply = JSON.parse(String(text)) as Answer & Reply;
      this.answered({ sentAt, doneAt: reply.t, answeredAt: this.clock.now() });
      return reply;
    } catch (error) {
      throw new StoreUnavailableError(`Redis did not do '${name}': ${wordsOf(error)}`, error);
    }
  }

  /** A server that was restarted, another node: it keeps what it evaluates. */
  private evaluate(name: ScriptName, args: readonly string[], fault: unknown): Promise<unknown> {
    if (!(fault instanceof Error) || !fault.message.startsWith('NOSCRIPT')) throw fault;
    return this.client.eval(scripts[name], this.keys.length, ...args);
  }

  private hashOf(name: ScriptName): string {
    let hash = this.hashes.get(name);
    if (hash === undefined) {
      hash = createHash('sha1').update(scripts[name]).digest('hex');
      this.hashes.set(name, hash);
    }
    return hash;
  }
}
