import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type ExecutionMode, STORE, type WorkerApp } from 'holdfast';
import { SeededRandom } from '../../lib/testing/simulation/seeded-random.js';
import { checkHistory, type Findings } from './check-history.js';
import { type Ground, sqliteGround } from './ground.js';
import { History } from './history.js';
import { Program } from './program.js';
import { LEASE_MS } from './torture-limits.js';
import { checkTime } from './check-time.js';
import { actorEnds, allExecutions, openAudit, openExecutions } from './store-audit.js';

/** How long everything may take to end once the killing is over. */
const SETTLE_MS = 20_000;
/** How long the publisher may take to learn it. */
const PUBLISHER_MS = 30_000;
/** How often a process is started that finds no server. */
const MAX_STARTS = 50;

const threeWorkers: readonly ExecutionMode[] = ['UNTIL_ERROR', 'UNTIL_ERROR', 'ISOLATED'];

export interface TortureOptions {
  /** Compiled `worker.process.ts` and `publisher.process.ts`. */
  readonly programs: Readonly<Record<'worker' | 'publisher', string>>;
  readonly kills: number;
  readonly seed: number;
  /** Mean time between two events, ms. */
  readonly publishEveryMs?: number;
  /** What the processes share; default: a SQLite file. */
  readonly ground?: (folder: string) => Promise<Ground>;
  /** How often the store's server is killed at least. Default 0. */
  readonly serverKills?: number;
  /** How each worker process goes about its passes. */
  readonly modes?: readonly ExecutionMode[];
  /** `forgetful`: workers get a store with a planted bug. */
  readonly fault?: 'forgetful';
}

/** A place in which a process is started again whenever it was killed. */
interface Place {
  readonly file: string;
  readonly args: readonly string[];
  program: Program | null;
  /** Under way: the start that follows a kill, or the end of a stop. */
  coming: Promise<void>;
}

/**
 * Workers and a publisher on one store, killed and stopped at random, as is the store's server; then peace, until
 * everything has ended. Answers what the merged history says.
 */
export async function torture(options: TortureOptions): Promise<Findings> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-torture-'));
  const ground = (await options.ground?.(folder)) ?? sqliteGround(folder);
  const run = new Torture(options, folder, ground);
  let keep = false;
  try {
    const findings = await run.findings();
    keep = findings.violations.length > 0 && options.fault === undefined;
    return keep
      ? { ...findings, violations: [...findings.violations, `evidence is kept in ${folder}`] }
      : findings;
  } finally {
    await run.killAll();
    await ground.close();
    if (!keep) rmSync(folder, { recursive: true, force: true });
  }
}

class Torture {
  private readonly history: History;
  private readonly random: SeededRandom;
  private readonly workers: readonly Place[];
  private readonly publisher: Place;
  private kills = 0;

  constructor(
    private readonly options: TortureOptions,
    private readonly folder: string,
    private readonly ground: Ground,
  ) {
    const { programs, seed, fault = '', publishEveryMs = 12, modes = threeWorkers } = options;
    this.history = new History(folder);
    this.random = new SeededRandom(`torture ${seed}`);
    const place = (file: string, ...args: readonly string[]): Place => ({
      file,
      args,
      program: null,
      coming: Promise.resolve(),
    });
    this.workers = modes.map((mode) => place(programs.worker, mode, fault));
    this.publisher = place(programs.publisher, String(publishEveryMs));
  }

  async findings(): Promise<Findings> {
    await Promise.all(this.workers.map((worker) => this.start(worker)));
    await this.start(this.publisher);
    const { kills, serverKills = 0 } = this.options;
    while (this.kills < kills || this.ground.kills < serverKills) {
      await pause(this.random.between(30, 350));
      if (this.random.chance(this.ground.share)) this.ground.strike(this.random);
      else await this.strike();
    }
    await this.ground.calm();
    await Promise.all([...this.workers, this.publisher].map((place) => place.coming));
    const audit = await openAudit(this.folder);
    try {
      // It stops publishing, and ends when it has learned what became of everything.
      const publisher = await this.publisher.program?.end(PUBLISHER_MS);
      const settled = await this.settle(audit);
      const codes = await Promise.all(this.workers.map(async ({ program }) => program?.end()));
      const findings = checkHistory({
        lines: this.history.lines(),
        effects: this.history.effects(),
        executions: await allExecutions(audit),
        integrity: await this.ground.integrity(),
      });
      const executions = await allExecutions(audit);
      const time = checkTime({ lines: this.history.lines(), executions, actors: await actorEnds(audit) });
      const violations = [...findings.violations, ...time];
      if (!settled) violations.push(`not everything had ended ${SETTLE_MS} ms after the last kill`);
      if (publisher !== 0) violations.push(`the publisher ended with ${publisher}`);
      if (codes.some((code) => code !== 0)) violations.push(`workers ended with ${codes.join(', ')}`);
      return { ...findings, violations };
    } finally {
      await audit.close();
    }
  }

  async killAll(): Promise<void> {
    for (const place of [...this.workers, this.publisher]) {
      place.program?.signal('SIGKILL');
      await place.program?.over;
    }
  }

  private async strike(): Promise<void> {
    const { random } = this;
    if (random.chance(0.05)) {
      const all = [...this.workers, this.publisher];
      await Promise.all(all.map((place) => place.coming));
      for (const place of all) this.kill(place, 0);
      await Promise.all(all.map((place) => place.coming));
    } else if (random.chance(0.12)) this.stop(random.pick(this.workers), random.between(0, 3 * LEASE_MS));
    else this.kill(random.chance(0.15) ? this.publisher : random.pick(this.workers), random.between(0, 150));
  }

  /** Kills what is in that place, at whatever point it is, and starts it anew. */
  private kill(place: Place, restartAfterMs: number): void {
    const { program } = place;
    if (program === null) return;
    place.program = null;
    program.signal('SIGKILL');
    this.history.add({ saw: 'killed' }, program.pid);
    this.kills++;
    place.coming = program.over.then(async () => {
      await pause(restartAfterMs);
      await this.start(place);
    });
  }

  private stop({ program }: Place, forMs: number): void {
    if (program === null || program.isOver) return;
    program.signal('SIGSTOP');
    this.history.add({ saw: 'stopped' }, program.pid);
    void pause(forMs).then(() => {
      if (program.isOver) return;
      program.signal('SIGCONT');
      this.history.add({ saw: 'continued' }, program.pid);
    });
  }

  private async start(place: Place): Promise<void> {
    for (let tries = 1; ; tries++) {
      const program = new Program(place.file, this.folder, place.args);
      place.program = program;
      try {
        await program.ready();
        return;
      } catch (error) {
        if (place.program !== program) return;
        if (tries === MAX_STARTS || !this.ground.excuses()) throw error;
        await pause(200);
        // Whoever killed it meanwhile starts the next: two publishers at one place would publish for ever.
        if (place.program !== program) return;
      }
    }
  }

  /** Waits until nothing is open. Whatever five kills hit in a row was parked as poison: an operator resumes it. */
  private async settle(audit: WorkerApp): Promise<boolean> {
    const until = Date.now() + SETTLE_MS;
    while (Date.now() < until) {
      for (const { id, error } of await audit.get(STORE).list({ status: 'parked', limit: 100 }))
        if (error?.includes('POISONED') === true) await audit.execution(id).resume();
      if ((await openExecutions(audit, 'torture-ticks')) === 0) return true;
      await pause(100);
    }
    return false;
  }
}
