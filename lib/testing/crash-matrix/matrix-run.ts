import { memoryStore } from '../../adapters/memory/memory-store.js';
import { systemClock } from '../../adapters/system/system-clock.js';
import type { WorkerApp } from '../../app/worker-app.js';
import { isSettled } from '../../model/execution.js';
import { TestApp, type TestAppOptions } from '../test-app.js';
import { VirtualClock } from '../virtual-clock.js';
import type { CrashCell } from './boundary.js';
import { countEffects, repeatedByRetries, type EffectCount } from './effect-call.js';
import { type EndState, readEndState, recordsOf } from './end-state.js';
import type { MatrixPlan } from './matrix-plan.js';
import { heldSchedules } from './held-schedules.js';
import { OutsideWorld } from './outside-world.js';
import { ProcessBorder } from './process-border.js';
import { Recorder } from './recorder.js';
import { RunWatch, type SeenCell } from './run-watch.js';

/** Takeovers during which nothing happened, after which nothing will. */
const MOST_IDLE_MOVES = 3;
/** Timers of a run that are waited for. */
const MOST_MOVES = 5_000;
/** Real ms between the lives of a process: what reads the machine's clock shall see another instant. */
const BREAK_MS = 2;

/** What one run showed. */
export interface RunRecord {
  readonly cells: readonly SeenCell[];
  readonly effects: ReadonlyMap<string, EffectCount>;
  /** Effects that retries and resumes repeated within the run. */
  readonly repeated: readonly EffectCount[];
  /** Steps that called nothing outside. */
  readonly silent: readonly string[];
  readonly end: EndState;
  /** It came to where it should crash; a clean run has nothing to come to. */
  readonly wasReached: boolean;
}

interface Process {
  readonly app: TestApp;
  readonly border: ProcessBorder;
}

/** One run of the event through the production engine on virtual time, with at most one crash. */
export class MatrixRun {
  private readonly store = memoryStore({ keep: 100_000 });
  private readonly clock: VirtualClock;
  private readonly watch: RunWatch;
  private readonly recorder: Recorder;
  private readonly outside: OutsideWorld;
  private readonly processes: Process[] = [];

  /** `cell` null: nothing crashes. */
  constructor(
    private readonly plan: MatrixPlan,
    private readonly cell: CrashCell | null,
    startAt: number,
  ) {
    this.clock = new VirtualClock(startAt);
    this.store.setState({ ...this.store.getState(), schedules: heldSchedules(plan.workers, startAt) });
    this.watch = new RunWatch(cell);
    this.recorder = new Recorder(plan.repeatable, plan.slow);
    const { container } = plan.options;
    this.outside = new OutsideWorld(
      plan.providers(),
      plan.workers,
      (token) => container?.isRegistered(token as symbol, true) ?? false,
      this.recorder,
    );
  }

  async run(): Promise<RunRecord> {
    try {
      const first = await this.begin();
      const finishing = this.publishAndFinish(first);
      await Promise.race([finishing, this.watch.sprung]);
      if (!this.watch.isSprung) await finishing;
      const last = this.watch.isSprung ? await this.recover(first, finishing) : first;
      const effects =
        this.plan.effects === null ? null : () => this.plan.effects?.(last.app as unknown as WorkerApp);
      return {
        cells: this.watch.cells,
        effects: countEffects(this.recorder.calls),
        silent: this.recorder.silent,
        repeated: repeatedByRetries(this.recorder.calls),
        end: await readEndState(last.app as unknown as WorkerApp, this.store, this.watch.published, effects),
        wasReached: this.wasReached(),
      };
    } finally {
      for (const { app } of this.processes.toReversed()) await app.close();
    }
  }

  private wasReached(): boolean {
    if (this.cell === null) return true;
    return this.cell.boundary === 'lease-lost' ? this.watch.wasRefused : this.watch.isSprung;
  }

  private async begin(): Promise<Process> {
    const border = new ProcessBorder(this.watch);
    const { options, workers } = this.plan;
    const app = await TestApp.create({
      ...options,
      workers,
      providers: this.outside.providersOfProcess(),
      store: border.storeThrough(this.store),
      clock: this.clock,
      interceptors: [
        (call, next) => {
          this.recorder.bodyBegins(border);
          if (border.isDead || this.watch.bodyBegins(call.worker, call.step)) return border.dieHere();
          return next();
        },
        ...(options.interceptors ?? []),
      ],
    } as TestAppOptions);
    const process = { app: app as unknown as TestApp, border };
    this.processes.push(process);
    return process;
  }

  private async publishAndFinish({ app }: Process): Promise<void> {
    await this.plan.publish(app as unknown as WorkerApp);
    await this.finish(app, () => this.watch.isSprung);
  }

  /** The crash, and what another process makes of what is left. */
  private async recover(first: Process, finishing: Promise<void>): Promise<Process> {
    const isPaused = this.cell?.boundary === 'lease-lost';
    await (isPaused ? first.app.pause() : first.app.crash());
    // Its publish may never be answered now.
    await Promise.race([finishing, first.app.settle()]);
    await new Promise<void>((resolve) => void systemClock.setTimer(BREAK_MS, resolve));
    const second = await this.begin();
    if (isPaused) {
      await second.app.advance(this.plan.takeoverMs);
      first.border.goOn();
      await first.app.resume();
    }
    await this.finish(second.app, () => false);
    return second;
  }

  /** When what is stored falls due: timers, alarms, batches, and what was published for later. */
  private wakes(): readonly number[] {
    return this.store
      .getState()
      .executions.flatMap(({ place, wakesAt }) => (place === 'timer' ? [wakesAt] : []));
  }

  /** Moves time from timer to timer until everything has ended or nothing moves any more. */
  private async finish(app: TestApp, isAbandoned: () => boolean): Promise<void> {
    let idle = 0;
    for (let moves = 0; moves < MOST_MOVES && idle < MOST_IDLE_MOVES; moves++) {
      await app.settle();
      if (isAbandoned()) return;
      const open = (await recordsOf(this.store)).filter(({ status }) => !isSettled(status));
      if (open.length === 0) return;
      const now = this.clock.now();
      const wakes = this.wakes().filter((at) => at > now);
      idle = wakes.length === 0 ? idle + 1 : 0;
      await app.advance(wakes.length === 0 ? this.plan.takeoverMs : Math.min(...wakes) - now);
    }
  }
}
