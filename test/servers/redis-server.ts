import childProcess, { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { GuardedProcess } from './guarded-process.js';

/** The image where there is no `redis-server`. */
const IMAGE = 'redis:7-alpine';

export interface RedisServerOptions {
  /** What survives when the server is killed. Default `no`: nothing. */
  readonly appendonly?: 'no' | 'everysec' | 'always';
  /** Default: a folder of its own, removed by `stop()`. */
  readonly dir?: string;
  /** Default: a free one. */
  readonly port?: number;
  /** As in redis.conf: `100mb`. Default: no limit. */
  readonly maxmemory?: string;
  /** Default `noeviction`. */
  readonly maxmemoryPolicy?: string;
  /** More of redis.conf, as command-line arguments: `['--cluster-enabled', 'yes']`. */
  readonly args?: readonly string[];
}

/** How a server can be started here; null when it cannot. */
function redisLauncher(): 'redis-server' | 'docker' | null {
  const works = (command: string, ...args: readonly string[]): boolean =>
    spawnSync(command, args, { stdio: 'ignore', timeout: 10_000 }).status === 0;
  if (works('redis-server', '--version')) return 'redis-server';
  return works('docker', 'info') ? 'docker' : null;
}

/** Starts a server of one's own, ready when this resolves. It ends with this process at the latest. */
export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'holdfast-redis-'));
  mkdirSync(dir, { recursive: true });
  for (let tries = 1; ; tries++) {
    const port = options.port ?? (await freePort());
    const server = new RedisServer(options, dir, port);
    try {
      await server.start();
      return server;
    } catch (error) {
      // Somebody else took the free port in the meantime.
      const taken =
        options.port === undefined && /Address already in use|Could not create/.test(String(error));
      if (!taken || tries === 5) throw error;
    }
  }
}

/** A Redis server that can be killed and started again on the same port and folder. */
export class RedisServer {
  readonly url: string;
  private process: GuardedProcess | null = null;

  constructor(
    private readonly options: RedisServerOptions,
    readonly dir: string,
    readonly port: number,
  ) {
    this.url = `redis://127.0.0.1:${port}`;
  }

  async start(): Promise<void> {
    const launcher = redisLauncher();
    if (launcher === null) throw new Error(noServer);
    const name = `holdfast-${process.pid}-${this.port}`;
    const inDocker = ['docker', 'run', '--rm', '--network', 'host', '--name', name];
    const { uid, gid } = userInfo();
    const prefix = [...inDocker, '--user', `${uid}:${gid}`, '-v', `${this.dir}:${this.dir}`, IMAGE];
    this.process = new GuardedProcess({
      command: [...(launcher === 'docker' ? prefix : []), 'redis-server', ...this.args()],
      ready: /Ready to accept connections/,
      folder: this.options.dir === undefined ? this.dir : null,
      kill: launcher === 'docker' ? `docker kill ${name}` : null,
    });
    await this.process.ready();
  }

  /** SIGKILL. What was not in the append-only file is gone. */
  async kill(): Promise<void> {
    const { process } = this;
    this.process = null;
    process?.kill();
    await process?.over;
  }

  /** Its process id; null while it does not run. */
  get pid(): number | null {
    return this.process?.pid ?? null;
  }

  /** Kills what still runs, then starts it with what its folder holds. */
  async restart(): Promise<void> {
    await this.kill();
    await this.start();
  }

  /** Accepts connections and answers nothing until `thaw()`. */
  freeze(): void {
    this.process?.signal('SIGSTOP');
  }

  thaw(): void {
    this.process?.signal('SIGCONT');
  }

  /** Ends it and removes the folder that it made. */
  async stop(): Promise<void> {
    await this.kill();
    if (this.options.dir === undefined) rmSync(this.dir, { recursive: true, force: true });
  }

  private args(): readonly string[] {
    const { appendonly = 'no', maxmemory, maxmemoryPolicy, args = [] } = this.options;
    const settings = ['--port', `${this.port}`, '--bind', '127.0.0.1', '--dir', this.dir, '--save', ''];
    return [
      ...settings,
      '--appendonly',
      appendonly === 'no' ? 'no' : 'yes',
      ...(appendonly === 'no' ? [] : ['--appendfsync', appendonly]),
      ...(maxmemory === undefined ? [] : ['--maxmemory', maxmemory]),
      ...(maxmemoryPolicy === undefined ? [] : ['--maxmemory-policy', maxmemoryPolicy]),
      ...args,
    ];
  }
}

const noServer =
  'There is no Redis here: set REDIS_URL to one for tests, install redis-server, or run a Docker engine.';

/** The Redis of a test file. */
export interface RedisForTests {
  /** Jest's `describe`. Without a Redis: skipped with a printed reason, and failed in CI. */
  readonly describe: (name: string, tests: () => void) => void;
  /** Of the server that all files of this process share; started by the first that asks. */
  url(): Promise<string>;
  /** A key prefix that no other test has. */
  prefix(): string;
}

/**
 * The server in `REDIS_URL`, else a local one without persistence, else one in Docker. Files share it: keep to prefixes of your own,
 * and start one with `startRedis` (in `describeRedisServers`) to kill, flush or configure it.
 */
export function redisForTests(): RedisForTests {
  const given = process.env['REDIS_URL'];
  return {
    describe: given === undefined ? describeRedisServers : describe,
    url: async () => given ?? (await sharedRedis()),
    prefix: () => `test-${randomUUID()}`,
  };
}

/** Jest's `describe` for tests that start servers of their own. */
export function describeRedisServers(name: string, tests: () => void): void {
  if (redisLauncher() !== null) {
    describe(name, tests);
    return;
  }
  if (process.env['CI'] !== undefined) {
    test(`${name}: needs a Redis`, () => {
      throw new Error(noServer);
    });
    return;
  }
  console.warn(`Skipped: ${name}. ${noServer}`);
  const skip = describe.skip;
  skip(name, tests);
}

/**
 * Jest gives each file modules and globals of its own, but built-in modules are those of the process: the address is
 * kept there.
 */
function sharedRedis(): Promise<string> {
  const home = childProcess as { [shared]?: Promise<string> };
  home[shared] ??= startRedis().then(({ url }) => url);
  return home[shared];
}

const shared = Symbol.for('holdfast/redis-for-tests');
