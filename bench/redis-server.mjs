/** Redis servers of a benchmark's own: started on a free port of the loopback, stopped with the process that started them. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';

const TRIES = 5;
/** Of `/proc/<pid>/stat`, on every Linux of today. */
const TICKS_PER_SECOND = 100;

/** What an acknowledged write survives: `off` nothing, `always` a power cut. */
const appendOnly = {
  off: ['--appendonly', 'no'],
  everysec: ['--appendonly', 'yes', '--appendfsync', 'everysec'],
  always: ['--appendonly', 'yes', '--appendfsync', 'always'],
};

/** A server with that append-only file and nothing in it. */
export async function redisServer(aof) {
  for (let tries = 1; ; tries++) {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-redis-'));
    const port = await freePort();
    const given = ['--port', port, '--bind', '127.0.0.1', '--dir', folder, '--save', ''];
    const file = ['--auto-aof-rewrite-percentage', '0', ...appendOnly[aof]];
    const server = spawn('redis-server', [...given, ...file].map(String), { stdio: 'ignore' });
    const kill = () => server.kill('SIGKILL');
    process.once('exit', kill);
    const client = new Redis(port, '127.0.0.1', { retryStrategy: (times) => (times > 50 ? null : 20) });
    client.on('error', () => {});
    try {
      await client.ping();
      return { ...asked(client, server.pid), port, url: `redis://127.0.0.1:${port}`, stop };
    } catch (error) {
      await stop();
      if (tries === TRIES) throw error;
    }

    async function stop() {
      client.disconnect();
      const gone = new Promise((resolve) => server.once('exit', resolve));
      kill();
      if (server.exitCode === null && server.signalCode === null) await gone;
      process.removeListener('exit', kill);
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

/** What a benchmark wants to know of its server. */
function asked(client, pid) {
  return {
    cpuSeconds: () => cpuSecondsOf(pid),
    /** Calls by command since the last `forget`; what scripts call counts as well. */
    async calls() {
      const lines = (await client.info('commandstats')).match(/cmdstat_[^\r\n]+/g) ?? [];
      return Object.fromEntries(
        lines.map((line) => {
          const [, name, calls, usec] = /^cmdstat_([^:]+):calls=(\d+),usec=(\d+)/.exec(line) ?? [];
          return [name, { calls: Number(calls), usec: Number(usec) }];
        }),
      );
    },
    forget: () => client.config('RESETSTAT'),
    async memoryBytes() {
      return Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]);
    },
    keys: () => client.dbsize(),
    client,
  };
}

function cpuSecondsOf(pid) {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
