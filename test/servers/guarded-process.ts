import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';

/**
 * Runs "$@" as a server until a line comes on standard input. When whoever held the other end has died, however, the
 * server ends too, and its folder goes with it. The first line it prints is the server's process id.
 */
const guard = `
exec 3<&0
"$@" < /dev/null 3<&- &
server=$!
echo "$server"
(
  if read -r _ <&3; then GUARD_FOLDER=; fi
  trap '' TERM
  eval "$GUARD_KILL"
  while kill -0 "$server"; do sleep 0.05; done
  [ -z "$GUARD_FOLDER" ] || rm -rf "$GUARD_FOLDER"
) > /dev/null 2>&1 &
watcher=$!
wait "$server"; status=$?
kill "$watcher" 2> /dev/null
wait "$watcher"
exit "$status"
`;

export interface GuardedOptions {
  /** The command and its arguments. */
  readonly command: readonly string[];
  /** Printed by the server when it works. */
  readonly ready: RegExp;
  /** Removed when this process died before the server; null: nothing is. */
  readonly folder: string | null;
  /** Shell command that ends it at once; null: SIGKILL to its process id. */
  readonly kill: string | null;
}

/** A server that never outlives this process and never keeps it alive. */
export class GuardedProcess {
  /** Resolves when it has ended. */
  readonly over: Promise<void>;
  /** Its process id, once it works. */
  pid = 0;
  private readonly child: ChildProcess;
  private printed = '';
  private ended = false;

  constructor(private readonly options: GuardedOptions) {
    const { command, folder, kill } = options;
    // A group of its own: Ctrl-C ends the tests, and their end ends the server.
    this.child = spawn('sh', ['-c', guard, 'guard', ...command], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, GUARD_KILL: kill ?? 'kill -9 "$server"', GUARD_FOLDER: folder ?? '' },
      detached: true,
    });
    this.over = new Promise((resolve) => {
      this.child.once('close', () => {
        this.ended = true;
        resolve();
      });
    });
  }

  /** Resolves when it says that it works; rejects with what it printed when it ended before or took too long. */
  async ready(limitMs = 30_000): Promise<this> {
    const works = new Promise<void>((resolve) => {
      for (const stream of [this.child.stdout, this.child.stderr])
        stream?.on('data', (part: Buffer) => {
          // Enough to tell why it did not start.
          this.printed = `${this.printed}${part.toString()}`.slice(-8_000);
          if (this.options.ready.test(this.printed)) resolve();
        });
    });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(this.failure(`was not up after ${limitMs} ms`))), limitMs);
    });
    const ended = this.over.then(() => Promise.reject(new Error(this.failure('ended before it was up'))));
    try {
      await Promise.race([works, ended, late]);
    } catch (error) {
      this.kill();
      throw error;
    } finally {
      clearTimeout(timer);
      ended.catch(() => undefined);
    }
    this.pid = Number(/^\d+/.exec(this.printed)?.[0] ?? 0);
    this.letGo();
    return this;
  }

  /** Ends it at once. */
  kill(): void {
    this.child.stdin?.end('end\n');
  }

  /** Nothing when it has ended. */
  signal(name: 'SIGTERM' | 'SIGSTOP' | 'SIGCONT'): void {
    if (!this.ended) process.kill(this.pid, name);
  }

  /** What it prints from here on is thrown away, and this process may end before it. */
  private letGo(): void {
    this.child.unref();
    for (const stream of [this.child.stdin, this.child.stdout, this.child.stderr])
      if (stream instanceof Socket) stream.unref();
    for (const stream of [this.child.stdout, this.child.stderr]) stream?.removeAllListeners('data').resume();
  }

  private failure(what: string): string {
    return `${this.options.command.join(' ')} ${what}:\n${this.printed}`;
  }
}
