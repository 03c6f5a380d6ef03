import { systemClock } from '../adapters/system/system-clock.js';
import { type RunningBody, runningBodies } from './running-bodies.js';
import { SettleTimeoutError } from './settle-timeout-error.js';
import type { World } from './world.js';

/** Turns of the event loop without any activity after which the engines are taken to rest. */
const QUIET_TURNS = 3;
/** Real ms that a body gets which waits for nothing that the machine knows of: a thread may still answer. */
const GRACE_MS = 300;
const PATIENCE_MS = 5_000;

/** Lets every engine on the clock do what is due, without moving time. */
export class Settling {
  /** Bodies that wait for virtual time, or for ever. */
  private readonly resting = new WeakSet<object>();

  constructor(private readonly world: World) {}

  /** Throws `SettleTimeoutError` for a body that waits for real I/O for 5 s, and for a store that owes an answer for so long. */
  async settle(patienceMs = PATIENCE_MS): Promise<void> {
    const since = new Map<object, number>();
    for (;;) {
      await this.quiet();
      if (this.world.clock.fireNext(this.world.clock.now())) continue;
      const bodies = runningBodies(this.world.processes);
      if (bodies.length === 0) this.world.realWork.remember();
      const busy = this.busy(bodies, since, patienceMs);
      if (busy === null) return;
      if (busy.waitedMs >= patienceMs) throw new SettleTimeoutError(busy.body.title);
      await realPause(1);
    }
  }

  /** The body that the machine may still move on and that has waited longest; null: there is none. */
  private busy(
    bodies: readonly RunningBody[],
    since: Map<object, number>,
    patienceMs: number,
  ): { readonly body: RunningBody; readonly waitedMs: number } | null {
    const now = systemClock.monotonic();
    const here = new Set(bodies.map(({ identity }) => identity));
    // One that has gone on meanwhile waits anew.
    for (const one of since.keys()) if (!here.has(one)) since.delete(one);
    const isReal = bodies.length > 0 && this.world.realWork.isUnderWay();
    let longest: { readonly body: RunningBody; readonly waitedMs: number } | null = null;
    for (const body of bodies) {
      const start = since.get(body.identity) ?? now;
      since.set(body.identity, start);
      const waitedMs = now - start;
      if (!isReal && (this.resting.has(body.identity) || waitedMs >= Math.min(GRACE_MS, patienceMs))) {
        this.resting.add(body.identity);
        continue;
      }
      if (longest === null || waitedMs > longest.waitedMs) longest = { body, waitedMs };
    }
    return longest;
  }

  /** Resolves when no engine has done anything for some turns of the event loop. */
  private async quiet(): Promise<void> {
    let seen = -1;
    for (let turns = 0; turns < QUIET_TURNS; ) {
      await nextTurn();
      this.pollGhosts();
      let activity = 0;
      let pending = 0;
      for (const process of this.world.processes) {
        activity += process.activity;
        if (process.condition === 'running') pending += process.turns;
      }
      turns = activity === seen && pending === 0 ? turns + 1 : 0;
      seen = activity;
    }
  }

  /** Who waits for an outcome in a process that is dead or paused is still there: it is the test. */
  pollGhosts(): void {
    for (const runtime of this.world.ghosts)
      if (runtime.outcomes.waiting === 0) this.world.ghosts.delete(runtime);
      else void runtime.outcomes.poll();
    for (const { condition, runtime } of this.world.processes)
      if (condition === 'paused' && runtime !== null) void runtime.outcomes.poll();
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => systemClock.soon(resolve));
}

function realPause(ms: number): Promise<void> {
  return new Promise((resolve) => void systemClock.setTimer(ms, resolve));
}
