/** More are not remembered: the oldest are forgotten first. */
const MOST = 10_000;

/** Ids of requests that came within a window of time. */
export class RecentIds {
  private readonly seenAt = new Map<string, number>();

  constructor(private readonly windowMs: number) {}

  /** False when it was added before, within the window. */
  add(id: string, now: number): boolean {
    for (const [oldest, at] of this.seenAt) {
      if (this.seenAt.size <= MOST && now - at <= this.windowMs) break;
      this.seenAt.delete(oldest);
    }
    if (this.seenAt.has(id)) return false;
    this.seenAt.set(id, now);
    return true;
  }
}
