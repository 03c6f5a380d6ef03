import { AppClosedError } from '../../model/errors-app.js';
import type { Clock } from '../../ports/clock.js';
import type { Runtime } from '../runtime/runtime.js';

/** How often it is looked whether anything still runs. */
const LOOK_MS = 5;

/** What `mount.process()` tells. */
export interface Processed {
  /** Whether time was over before everything due had run: call it again. */
  readonly more: boolean;
}

/** Runs what is due in an app that is not started, for a while: one pass at a time, shared by all who ask for one meanwhile. */
export class BoundedPasses {
  /** A pass that still takes work. */
  private open: Promise<Processed> | null = null;
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly runtime: Runtime,
    private readonly clock: Clock,
  ) {}

  /** Takes new work for `withinMs`; what runs then has the app's `drainTimeout`. */
  run(withinMs: number): Promise<Processed> {
    if (this.runtime.isClosed) return Promise.reject(new AppClosedError('process()'));
    if (this.open !== null) return this.open;
    const pass = this.last.then(() => this.pass(withinMs));
    this.open = pass;
    this.last = pass.catch(() => {});
    return pass;
  }

  private async pass(withinMs: number): Promise<Processed> {
    const { runtime } = this;
    const wasStarted = runtime.isStarted;
    try {
      if (!wasStarted) await runtime.start();
      const until = this.clock.monotonic() + withinMs;
      await runtime.sweeper.now();
      while (!runtime.consumer.isQuiet && this.clock.monotonic() < until) await this.pause();
      return { more: !runtime.consumer.isQuiet };
    } finally {
      this.open = null;
      if (!wasStarted) await runtime.stop();
    }
  }

  private pause(): Promise<void> {
    return new Promise((resolve) => {
      this.clock.setTimer(LOOK_MS, resolve);
    });
  }
}
