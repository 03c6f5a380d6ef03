/** Whose peer may answer at any time, although nothing was begun since. */
const connections: readonly string[] = ['TCPSocketWrap', 'TLSWrap', 'UDPWrap'];

/** A socket of Node: one with an address at its other end. */
interface Connection {
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly remotePort: number;
}

/**
 * Tells whether something outside the virtual clock may still move user code on: sockets, files, timers of the machine.
 * Compares with what was open when no user code ran. A connection that was open before the test is somebody else's until
 * something goes over it.
 */
export class RealWork {
  private idle = census();
  /** What had gone over each connection that was open before. */
  private readonly before = new WeakMap<object, number>();

  constructor() {
    for (const one of openConnections()) this.before.set(one, traffic(one));
  }

  /** No user code runs: whatever is open now belongs to the surroundings. */
  remember(): void {
    this.idle = census();
  }

  isUnderWay(): boolean {
    let open = 0;
    for (const [kind, count] of census())
      if (connections.includes(kind)) open += count;
      else if (count > (this.idle.get(kind) ?? 0)) return true;
    return open > 0 && open > this.foreign();
  }

  private foreign(): number {
    return openConnections().filter((one) => this.before.get(one) === traffic(one)).length;
  }
}

function census(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

/** Node tells them by an undocumented function only. Where it does not, none is known: whatever is open counts as work. */
function openConnections(): readonly Connection[] {
  const handles: unknown = Reflect.get(process, '_getActiveHandles');
  const open: unknown = typeof handles === 'function' ? Reflect.apply(handles, process, []) : [];
  return Array.isArray(open) ? open.filter(isConnection) : [];
}

function isConnection(handle: unknown): handle is Connection {
  if (typeof handle !== 'object' || handle === null) return false;
  return ['bytesRead', 'bytesWritten', 'remotePort'].every(
    (field) => typeof Reflect.get(handle, field) === 'number',
  );
}

function traffic({ bytesRead, bytesWritten }: Connection): number {
  return bytesRead + bytesWritten;
}
