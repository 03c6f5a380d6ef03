import { connect, type Socket } from 'node:net';

/** What is to become of the next reply: thrown away and the connection closed, or reset when half of it was sent. */
export type ReplyFault = 'drop' | 'reset';

/** What a proxy does to its connections. Changed while they are open. */
export interface ProxyFaults {
  /** How long every byte takes in each direction, ms. */
  delayMs: number;
  /** For the next reply to a request that matches. */
  nextReply: { readonly fault: ReplyFault; readonly request: RegExp; readonly done: () => void } | null;
}

/** One client's connection, and the one to the server that belongs to it. */
export class ProxiedConnection {
  private readonly server: Socket;
  private readonly timers = new Set<NodeJS.Timeout>();
  /** When the last byte that is on its way arrives, by direction, epoch ms. */
  private readonly arrivals = new Map<Socket, number>();
  private asked = '';
  private swallows = false;

  constructor(
    private readonly client: Socket,
    targetPort: number,
    private readonly faults: ProxyFaults,
    private readonly closed: (connection: ProxiedConnection) => void,
  ) {
    this.server = connect({ port: targetPort, host: '127.0.0.1', noDelay: true });
    client.setNoDelay(true);
    client.on('data', (part: Buffer) => {
      this.asked = `${this.asked}${part.toString('latin1')}`.slice(-16_000);
      this.forward(part, this.server);
    });
    this.server.on('data', (part: Buffer) => this.reply(part));
    for (const [from, to] of [
      [client, this.server],
      [this.server, client],
    ] as const) {
      from.on('error', () => undefined);
      from.on('close', () => this.later(to, () => to.destroy()));
    }
    // Of one that was swallowed the server knows nothing: it stays until it is cut.
    client.on('close', () => {
      if (!this.swallows) closed(this);
    });
  }

  /** From here on nothing arrives in either direction, and neither side learns it: a pulled cable. */
  swallow(): void {
    this.swallows = true;
  }

  cut(how: 'close' | 'reset'): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
    for (const socket of [this.client, this.server])
      if (how === 'reset') socket.resetAndDestroy();
      else socket.destroy();
    this.closed(this);
  }

  private reply(part: Buffer): void {
    const { nextReply } = this.faults;
    if (nextReply === null || this.swallows || !nextReply.request.test(this.asked)) {
      this.asked = '';
      this.forward(part, this.client);
      return;
    }
    this.faults.nextReply = null;
    if (nextReply.fault === 'drop') this.cut('close');
    // The half that arrives stays readable: the reset follows when it was handed to the network.
    else this.client.write(part.subarray(0, Math.ceil(part.length / 2)), () => this.cut('reset'));
    nextReply.done();
  }

  private forward(part: Buffer, to: Socket): void {
    const from = to === this.client ? this.server : this.client;
    this.later(to, () => {
      if (to.write(part)) return;
      from.pause();
      to.once('drain', () => from.resume());
    });
  }

  /** Does it when whatever goes to that side has arrived; never once bytes are swallowed. */
  private later(to: Socket, act: () => void): void {
    const now = Date.now();
    const at = Math.max(now + this.faults.delayMs, this.arrivals.get(to) ?? 0);
    const run = (): void => {
      if (!this.swallows && !to.destroyed) act();
    };
    if (at <= now) {
      run();
      return;
    }
    this.arrivals.set(to, at);
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      run();
    }, at - now);
    this.timers.add(timer);
  }
}
