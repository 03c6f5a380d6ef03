import { Redis } from 'ioredis';
import { redisStore } from '../../lib/adapters/redis/redis-store.js';
import type { Store } from '../../lib/ports/store.js';
import type { VirtualTime } from '../../lib/testing/simulation/virtual-time.js';

/**
 * A Redis store for one simulation, on a real server: virtual time stands still until each call has been answered and
 * what it told has been heard, so that a seed decides the order of everything.
 */
export class SimulatedRedis {
  readonly store: Store;
  private readonly client: Redis;
  /** The store's own connection for what changes. */
  private listening: Redis | null = null;
  private time: VirtualTime | null = null;
  private calls = 0;

  constructor(
    url: string,
    private readonly prefix: string,
  ) {
    this.client = new Redis(url);
    const duplicate = this.client.duplicate.bind(this.client);
    this.client.duplicate = (...overrides) => (this.listening = duplicate(...overrides));
    const store = redisStore({ client: this.client, prefix, time: 'app' });
    // It listens from the moment on in which it is open, not from some later one.
    store.onChange(() => undefined);
    this.store = this.standingStill(store);
  }

  /** Whose time it is that stands still. */
  join(time: VirtualTime): void {
    this.time = time;
  }

  /** Forgets everything that was stored. */
  async close(): Promise<void> {
    // Processes that died have not closed it.
    this.listening?.disconnect();
    for await (const keys of this.client.scanStream({ match: `{${this.prefix}}:*`, count: 1_000 }))
      if ((keys as string[]).length > 0) await this.client.unlink(keys as string[]);
    this.client.disconnect();
  }

  private standingStill(store: Store): Store {
    return new Proxy(store, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        if (name === 'onChange') return value.bind(target);
        return (...args: readonly unknown[]) =>
          this.still(Reflect.apply(value, target, args) as Promise<unknown>);
      },
    });
  }

  private still(call: Promise<unknown>): Promise<unknown> {
    const done = this.answered(call);
    this.time?.standStill(done.catch(() => undefined));
    return done;
  }

  private async answered(call: Promise<unknown>): Promise<unknown> {
    try {
      return await call;
    } finally {
      await this.heard();
    }
  }

  /** Resolves when the store has heard whatever was told until now: messages come in the order in which they were sent. */
  private async heard(): Promise<void> {
    const { listening } = this;
    if (listening === null || listening.status !== 'ready') return;
    const mark = `"${++this.calls}"`;
    const came = new Promise<void>((resolve) => {
      const hear = (_: string, text: string): void => {
        if (text !== mark) return;
        listening.off('message', hear);
        resolve();
      };
      listening.on('message', hear);
    });
    if ((await this.client.publish(`{${this.prefix}}:changes`, mark)) > 0) await came;
  }
}
