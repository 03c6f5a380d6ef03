import type { Clock, Timer } from '../../ports/clock.js';

const everyMs = 100;

/** Tells listeners that another connection has written; looks only while it is told that another process lives. */
export class ChangePoll {
  private readonly listeners = new Set<() => void>();
  private timer: Timer | null = null;
  private seen: number | null = null;
  private isTelling = false;
  private peers = false;

  constructor(
    private readonly clock: Clock,
    /** SQLite's `data_version`; null when it cannot be read just now. */
    private readonly version: () => number | null,
  ) {}

  add(listener: () => void): () => void {
    const own = () => listener();
    this.listeners.add(own);
    this.schedule();
    return () => void this.listeners.delete(own);
  }

  /** Whether another process lives, as far as the last heartbeat knew. */
  watch(peers: boolean): void {
    this.peers = peers;
    if (peers) this.schedule();
    else this.stop();
  }

  /** Something changed through this very connection; listeners are told once per turn of the event loop. */
  tell(): void {
    if (this.isTelling || this.listeners.size === 0) return;
    this.isTelling = true;
    this.clock.soon(() => {
      this.isTelling = false;
      for (const listener of this.listeners) listener();
    });
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = null;
    this.seen = null;
  }

  private schedule(): void {
    if (this.timer !== null || !this.peers || this.listeners.size === 0) return;
    this.seen ??= this.version();
    this.timer = this.clock.setTimer(everyMs, () => {
      this.timer = null;
      const version = this.version();
      if (version !== null && this.seen !== null && version !== this.seen) this.tell();
      this.seen = version ?? this.seen;
      this.schedule();
    });
  }
}
