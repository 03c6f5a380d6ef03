import { setTimeout as pause } from 'node:timers/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import type { SeededRandom } from '../../lib/testing/simulation/seeded-random.js';
import { startRedis, type RedisServer } from '../servers/redis-server.js';
import { TcpProxy } from '../servers/tcp-proxy.js';
import type { Ground } from './ground.js';
import { History } from './history.js';
import { LEASE_MS } from './torture-limits.js';
import { saveWorld } from './world.js';

/** How long after trouble a process may still fail to start because of it. */
const TROUBLE_MS = 3_000;

/** How often each thing happens, of all that befalls the server. */
const STRIKES = {
  kill: 35,
  freeze: 10,
  cut: 20,
  reset: 10,
  drop: 15,
  tear: 5,
  delay: 4,
  swallow: 1,
} as const;

type Strike = keyof typeof STRIKES;

/** A Redis server with an append-only file that is written with each command, behind a bad network. */
export class RedisGround implements Ground {
  readonly share = 0.4;
  kills = 0;
  private readonly history: History;
  /** What goes on for a while: one thing at a time. */
  private going: Promise<void> | null = null;
  private lastTroubleAt = 0;

  private constructor(
    folder: string,
    private readonly server: RedisServer,
    private readonly proxy: TcpProxy,
    private readonly prefix: string,
  ) {
    this.history = new History(folder);
  }

  /** Starts it, and tells the processes of the folder where it is. */
  static async open(folder: string, dispatcher: 'local' | 'bullmq'): Promise<RedisGround> {
    const server = await startRedis({ appendonly: 'always', dir: join(folder, 'redis') });
    const proxy = await TcpProxy.open(server.port);
    const prefix = 'torture';
    const url = `redis://127.0.0.1:${proxy.port}`;
    saveWorld(folder, { store: 'redis', url, directUrl: server.url, prefix, dispatcher });
    return new RedisGround(folder, server, proxy, prefix);
  }

  strike(random: SeededRandom): void {
    const strike = pick(random);
    this.lastTroubleAt = Date.now();
    switch (strike) {
      case 'cut':
      case 'reset':
        this.tell(strike);
        this.proxy.cut(strike === 'cut' ? 'close' : 'reset');
        return;
      case 'swallow':
        this.tell(strike);
        this.proxy.swallow();
        return;
      case 'drop':
      case 'tear':
        void this.failReplies(strike, random.int(1, 4));
        return;
      case 'kill':
      case 'freeze':
      case 'delay':
        this.going ??= this.last(strike, random).finally(() => (this.going = null));
    }
  }

  excuses(): boolean {
    return this.going !== null || Date.now() - this.lastTroubleAt < TROUBLE_MS;
  }

  async calm(): Promise<void> {
    await this.going;
  }

  /** No key outside of what the store and the dispatcher call theirs, and none that ends by itself. */
  async integrity(): Promise<unknown> {
    const client = new Redis(this.server.url);
    try {
      const wrong: string[] = [];
      for await (const keys of client.scanStream({ count: 1_000 }) as AsyncIterable<string[]>)
        for (const key of keys) {
          // How often each client has written: of those that are gone, nobody asks.
          if (key.startsWith(`{${this.prefix}}:beat:`)) continue;
          // What BullMQ keeps may end by itself: it is no more than hints.
          if (key.startsWith(`${this.prefix}-jobs:`)) continue;
          if (!key.startsWith(`{${this.prefix}}:`)) wrong.push(`a foreign key ${key}`);
          // -1: for ever; -2: it was removed since it was listed, as is what nobody runs any more.
          else if ((await client.ttl(key)) >= 0) wrong.push(`${key} ends by itself`);
        }
      return wrong.length === 0 ? 'ok' : wrong.slice(0, 10).join(', ');
    } finally {
      client.disconnect();
    }
  }

  async close(): Promise<void> {
    await this.going;
    await this.proxy.close();
    await this.server.stop();
  }

  /** Something that takes its time. */
  private async last(strike: 'kill' | 'freeze' | 'delay', random: SeededRandom): Promise<void> {
    this.tell(strike);
    if (strike === 'kill') {
      this.kills++;
      await this.server.kill();
      await pause(random.between(0, 1_200));
      await this.server.start();
    } else if (strike === 'freeze') {
      this.server.freeze();
      await pause(random.between(0, 3 * LEASE_MS));
      this.server.thaw();
    } else {
      this.proxy.delay(random.between(10, LEASE_MS));
      await pause(random.between(100, 1_500));
      this.proxy.delay(0);
    }
    this.lastTroubleAt = Date.now();
    this.tell(`${strike} is over`);
  }

  /** The server has done what it was asked, and whoever asked never learns it. */
  private async failReplies(strike: 'drop' | 'tear', many: number): Promise<void> {
    for (let left = many; left > 0; left--) {
      await this.proxy.failReply(strike === 'drop' ? 'drop' : 'reset', /evalsha/i);
      this.tell(strike);
    }
  }

  private tell(what: string): void {
    this.history.add({ saw: 'server', what });
  }
}

function pick(random: SeededRandom): Strike {
  const total = Object.values(STRIKES).reduce((sum, weight) => sum + weight, 0);
  let at = random.between(0, total);
  for (const [strike, weight] of Object.entries(STRIKES)) {
    at -= weight;
    if (at < 0) return strike as Strike;
  }
  return 'cut';
}
