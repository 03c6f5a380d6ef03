import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { WorkerApp } from 'holdfast';
import { History, type Line } from './history.js';
import { Program } from './program.js';
import { openAudit } from './store-audit.js';

/** A folder with a store that worker processes share, and an app that publishes and reads but runs nothing. */
export class Scene implements AsyncDisposable {
  readonly history: History;
  private readonly programs: Program[] = [];

  private constructor(
    readonly folder: string,
    readonly app: WorkerApp,
  ) {
    this.history = new History(folder);
  }

  static async open(): Promise<Scene> {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-scene-'));
    const app = await openAudit(folder);
    await app.start(); // registered: workers look for what it publishes all the time, not with each sweep only
    return new Scene(folder, app);
  }

  /** Starts a program in this folder, and waits until it is up. */
  async start(file: string, ...args: readonly string[]): Promise<Program> {
    const program = new Program(file, this.folder, args);
    this.programs.push(program);
    await program.ready();
    return program;
  }

  /** Kills at once, and writes it down. */
  async kill(program: Program): Promise<void> {
    program.signal('SIGKILL');
    this.history.add({ saw: 'killed' }, program.pid);
    await program.over;
  }

  /** The first line that fits, once there is one. */
  async seen(fits: (line: Line) => boolean, limitMs = 30_000): Promise<Line> {
    for (const until = Date.now() + limitMs; Date.now() < until; await pause(10)) {
      const line = this.history.lines().find(fits);
      if (line !== undefined) return line;
    }
    throw new Error(`not seen within ${limitMs} ms`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of this.programs) {
      program.signal('SIGKILL');
      await program.over;
    }
    await this.app.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
