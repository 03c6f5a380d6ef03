import { fork, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A child process that says `up` when it works. It ends when this process does. */
export class Program {
  readonly pid: number;
  /** Its exit code; null when a signal ended it. */
  readonly over: Promise<number | null>;
  private readonly up: Promise<void>;
  private readonly stderr: string;
  isOver = false;

  constructor(file: string, folder: string, args: readonly string[] = []) {
    this.stderr = join(folder, 'stderr.txt');
    const stderr = openSync(this.stderr, 'a');
    const child: ChildProcess = fork(file, [folder, ...args], {
      execArgv: ['--enable-source-maps'],
      stdio: ['ignore', 'ignore', stderr, 'ipc'],
    });
    closeSync(stderr);
    this.pid = child.pid ?? 0;
    this.up = new Promise((resolve) => child.once('message', () => resolve()));
    this.over = new Promise((resolve) =>
      child.once('exit', (code) => {
        this.isOver = true;
        resolve(code);
      }),
    );
  }

  /** Resolves when it works; rejects with what it printed when it ended before. */
  async ready(): Promise<void> {
    const ended = this.over.then((code) => {
      throw new Error(
        `a process ended with ${code} before it was up:\n${readFileSync(this.stderr, 'utf8').slice(-2_000)}`,
      );
    });
    await Promise.race([this.up, ended]);
  }

  signal(name: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT'): void {
    if (!this.isOver) process.kill(this.pid, name);
  }

  /** Asks it to end and answers its exit code; kills it when it does not within `limitMs`. */
  async end(limitMs = 8_000): Promise<number | null> {
    this.signal('SIGTERM');
    const timer = setTimeout(() => this.signal('SIGKILL'), limitMs);
    const code = await this.over;
    clearTimeout(timer);
    return code;
  }
}
