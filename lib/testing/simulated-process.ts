import type { Runtime } from '../app/runtime/runtime.js';
import type { Clock } from '../ports/clock.js';
import type { Change, Store, StoreContext } from '../ports/store.js';
import type { VirtualClock } from './virtual-clock.js';

/** What a test asks of a store through an app; the engine of a dead process would not. */
const questions: readonly (string | symbol)[] = ['read', 'journal', 'list', 'counts'];

/**
 * One process as the engine sees it: its clock and its way to the store. A paused one gets nothing and sends nothing;
 * a dead one never again, its timers included.
 */
export class SimulatedProcess {
  condition: 'running' | 'paused' | 'dead' = 'running';
  /** The engine that lives in it. */
  runtime: Runtime | null = null;
  /** Its lease is as long as the options say; otherwise it lasts until the process dies or is paused. */
  hasRealLease = false;
  /** Grows with everything that reaches the engine. */
  activity = 0;
  /** Turns of the event loop that the engine waits for. */
  turns = 0;
  /** Questions that the store has not answered yet, the oldest first. */
  readonly asking = new Set<object>();
  readonly clock: Clock;
  private held: (() => void)[] = [];
  private readonly timers = new Set<{ cancel(): void }>();

  constructor(private readonly time: VirtualClock) {
    this.clock = {
      now: () => time.now(),
      monotonic: () => time.monotonic(),
      setTimer: (delayMs, callback) => this.setTimer(delayMs, callback),
      soon: (callback) => this.soon(callback),
    };
  }

  /** The process's way to that store, which reads `clock`: that of the process may stand still or be gone. */
  wire(store: Store, clock: Clock): Store {
    return new Proxy(store, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        if (questions.includes(name))
          return (...args: readonly unknown[]): unknown => Reflect.apply(member, target, args);
        if (name === 'onChange')
          return (listener: (change: Change) => void) =>
            target.onChange((change) => this.enter(() => listener(change)));
        if (name === 'open')
          return async (context: StoreContext) => this.ask(() => target.open({ ...context, clock }));
        return async (...args: readonly unknown[]) =>
          this.ask(async () => Reflect.apply(member, target, args) as unknown);
      },
    });
  }

  pause(): void {
    if (this.condition === 'running') this.condition = 'paused';
  }

  /** Everything that came meanwhile happens now, in its order. */
  resume(): void {
    if (this.condition !== 'paused') return;
    this.condition = 'running';
    for (const callback of this.held.splice(0)) this.enter(callback);
  }

  die(): void {
    this.condition = 'dead';
    this.held = [];
    for (const timer of this.timers) timer.cancel();
    this.timers.clear();
  }

  private setTimer(delayMs: number, callback: () => void): { cancel(): void } {
    let cancelled = this.condition === 'dead';
    if (cancelled) return { cancel: () => {} };
    const planned = this.time.setTimer(delayMs, () => {
      this.timers.delete(planned);
      this.enter(() => {
        if (!cancelled) callback();
      });
    });
    this.timers.add(planned);
    return {
      cancel: () => {
        cancelled = true;
        this.timers.delete(planned);
        planned.cancel();
      },
    };
  }

  private soon(callback: () => void): void {
    if (this.condition === 'dead') return;
    this.turns++;
    this.time.soon(() => {
      this.turns--;
      this.enter(callback);
    });
  }

  private ask<Answer>(call: () => Promise<Answer>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.enter(() => {
        this.asking.add(call);
        call().then(
          (answer) => this.answered(call, () => resolve(answer)),
          (error: unknown) =>
            this.answered(call, () => reject(error instanceof Error ? error : new Error(String(error)))),
        );
      });
    });
  }

  private answered(question: object, settle: () => void): void {
    this.asking.delete(question);
    this.enter(settle);
  }

  private enter(callback: () => void): void {
    if (this.condition === 'dead') return;
    if (this.condition === 'paused') {
      this.held.push(callback);
      return;
    }
    this.activity++;
    callback();
  }
}
