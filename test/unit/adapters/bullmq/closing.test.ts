import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { bundlePrograms } from '../../../programs/bundle-programs.js';
import { freePort } from '../../../servers/free-port.js';
import { describeRedisServers, startRedis } from '../../../servers/redis-server.js';

const { closing } = bundlePrograms(['closing'], __dirname);
/** What a process that closes may take until it has ended. */
const END_MS = 10_000;

class Program {
  private said = '';
  private readonly process: ChildProcess;

  constructor(url: string, queue: string) {
    this.process = spawn(process.execPath, [closing, url, queue]);
    for (const stream of [this.process.stdout, this.process.stderr])
      stream?.on('data', (data: Buffer) => {
        this.said += data.toString();
      });
  }

  async says(word: string): Promise<void> {
    for (const until = Date.now() + 20_000; !this.said.includes(`${word}\n`); await pause(10))
      if (Date.now() > until || this.process.exitCode !== null)
        throw new Error(`it never said '${word}': ${this.said}`);
  }

  /** Its exit code after it was told to close; or `'it runs on'`, and what it said. */
  async end(): Promise<string> {
    const ended = once(this.process, 'exit').then(([code]) => `exit ${code}`);
    this.process.stdin?.write('close\n');
    const timer = new AbortController();
    const late = pause(END_MS, `it runs on: ${this.said}`, { signal: timer.signal }).catch(() => '');
    const how = await Promise.race([ended, late]);
    timer.abort();
    this.process.kill('SIGKILL');
    return this.said.includes('closed\n') ? how : `${how}, not closed: ${this.said}`;
  }
}

describeRedisServers('a process that closes its app', () => {
  describe.each(['worker', 'lane'])('with a queue for each %s', (queue) => {
    test('ends while Redis is there', async () => {
      const server = await startRedis();
      const program = new Program(server.url, queue);
      await program.says('ran');
      expect(await program.end()).toBe('exit 0');
      await server.stop();
    }, 60_000);

    test('ends while Redis is away', async () => {
      const server = await startRedis();
      const program = new Program(server.url, queue);
      await program.says('ran');
      await server.kill();
      // Between two tries of its connections, and while one is under way.
      await pause(700);
      expect(await program.end()).toBe('exit 0');
      await server.stop();
    }, 60_000);

    test('ends while Redis does not answer', async () => {
      const server = await startRedis();
      const program = new Program(server.url, queue);
      await program.says('ran');
      server.freeze();
      expect(await program.end()).toBe('exit 0');
      server.thaw();
      await server.stop();
    }, 60_000);

    test('ends when Redis was never there', async () => {
      const program = new Program(`redis://127.0.0.1:${await freePort()}`, queue);
      await program.says('started');
      expect(await program.end()).toBe('exit 0');
    }, 60_000);
  });
});
