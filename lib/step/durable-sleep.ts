import { begunTimer } from './begun-timer.js';
import { timerKey } from './checkpoint-key.js';
import { DurableCall } from './durable-call.js';
import type { Frame } from './frame.js';

/** A sleep: a timer that survives the process, then a result. */
export class DurableSleep extends DurableCall {
  constructor(
    parent: Frame,
    encodedName: string,
    path: string,
    private readonly ms: number,
    resolve: () => void,
    reject: (error: unknown) => void,
  ) {
    super(parent, encodedName, path, resolve, reject);
  }

  protected run(): void {
    const now = this.pass.services.clock.now();
    const begun = begunTimer(this.pass, this.path);
    const startedAt = begun?.startedAt ?? now;
    const at = begun?.wakeAt ?? now + Math.ceil(this.ms);
    if (at <= now) {
      this.wake(startedAt);
      return;
    }
    if (begun === null) {
      const row = this.row('timer', timerKey(this.path, this.parent.scope), startedAt, 1);
      row.wakeAt = at;
      if (this.isNested) this.pass.nested.sleepBegan(row);
      this.pass.later(row);
    }
    this.pass.wait(`sleep:${this.path}`, at, 'timer', this.parent, () => this.wake(startedAt));
  }

  private wake(startedAt: number): void {
    this.store(this.row('completed', this.path, startedAt, 1), null);
  }
}
