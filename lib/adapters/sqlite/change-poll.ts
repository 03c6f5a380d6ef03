import type { Clock, Timer } from '../../ports/clock.js';
import { anyChange, GatheredChange } from '../../ports/gathered-change.js';
import type { Change } from '../../ports/store.js';

const EVERY_MS = 100;
/** How long a write of a process that the registry does not know is followed by a close look. */
const STRANGER_MS = 60_000;

/**
 * Tells listeners that another connection has written. Looks closely while it is told that another process lives, and for
 * a minute after a write of one that the registry does not know: an app that was not started publishes, too.
 */
export class ChangePoll {
  private readonly listeners = new Set<(change: Change) => void>();
  private timer: Timer | null = null;
  private seen: number | null = null;
  private readonly untold = new GatheredChange();
  private isTelling = false;
  private peers = false;
  private closeUntil = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly clock: Clock,
    /** SQLite's `data_version`; null when it cannot be read just now. */
    private readonly version: () => number | null,
  ) {}

  add(listener: (change: Change) => void): () => void {
    const own = (change: Change) => listener(change);
    this.listeners.add(own);
    this.schedule();
    return () => void this.listeners.delete(own);
  }

  /** Whether another process lives, as far as this heartbeat knows. */
  watch(peers: boolean): void {
    this.peers = peers;
    if (this.timer === null) this.look();
    this.schedule();
  }

  /** That changed through this very connection; listeners are told once per turn of the event loop. */
  tell(change: Change): void {
    if (this.listeners.size === 0) return;
    this.untold.add(change);
    if (this.isTelling) return;
    this.isTelling = true;
    this.clock.soon(() => {
      this.isTelling = false;
      const told = this.untold.take();
      for (const listener of this.listeners) listener(told);
    });
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = null;
    this.seen = null;
  }

  private schedule(): void {
    if (this.timer !== null || this.listeners.size === 0) return;
    if (!this.peers && this.clock.monotonic() > this.closeUntil) return;
    this.seen ??= this.version();
    this.timer = this.clock.setTimer(EVERY_MS, () => {
      this.timer = null;
      this.look();
      this.schedule();
    });
  }

  private look(): void {
    const version = this.version();
    if (version !== null && this.seen !== null && version !== this.seen) {
      this.closeUntil = this.clock.monotonic() + STRANGER_MS;
      this.tell(anyChange);
    }
    this.seen = version ?? this.seen;
  }
}
