import type { Hint } from '../../model/hint.js';

/** Gives hints that came in to whoever receives them. */
export class HintInlet {
  private receive: ((hint: Hint) => void | Promise<void>) | null = null;
  private readonly underway = new Set<Promise<void>>();

  start(receive: (hint: Hint) => void | Promise<void>): void {
    this.receive = receive;
  }

  /** Does not wait for the receiver. A hint that it could not take is a lost hint: the sweep finds the work. */
  deliver(hints: readonly Hint[]): void {
    for (const hint of hints) {
      const delivery = Promise.resolve()
        .then(() => this.receive?.(hint))
        .catch(() => {});
      this.underway.add(delivery);
      void delivery.then(() => this.underway.delete(delivery));
    }
  }

  /** Resolves when the receiver has been left. */
  async stop(): Promise<void> {
    this.receive = null;
    await Promise.all(this.underway);
  }
}
