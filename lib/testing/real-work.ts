/** Whose peer may answer at any time, although nothing was begun since. */
const connections: readonly string[] = ['TCPSocketWrap', 'TLSWrap', 'UDPWrap'];

/**
 * Tells whether something outside the virtual clock may still move user code on: sockets, files, timers of the machine.
 * Compares with what was open when no user code ran.
 */
export class RealWork {
  private idle = census();

  /** No user code runs: whatever is open now belongs to the surroundings. */
  remember(): void {
    this.idle = census();
  }

  isUnderWay(): boolean {
    const now = census();
    for (const [kind, count] of now)
      if (connections.includes(kind) || count > (this.idle.get(kind) ?? 0)) return true;
    return false;
  }
}

function census(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}
