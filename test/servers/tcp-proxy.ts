import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { ProxiedConnection, type ProxyFaults, type ReplyFault } from './proxied-connection.js';

/** A bad network between clients of this host and a server on it. */
export class TcpProxy {
  private readonly faults: ProxyFaults = { delayMs: 0, nextReply: null };
  private readonly connections = new Set<ProxiedConnection>();
  private readonly server: Server;
  private refuses = false;

  private constructor(private readonly targetPort: number) {
    this.server = createServer((client) => {
      if (this.refuses) {
        client.resetAndDestroy();
        return;
      }
      const closed = (connection: ProxiedConnection): void => void this.connections.delete(connection);
      this.connections.add(new ProxiedConnection(client, this.targetPort, this.faults, closed));
    });
  }

  static async open(targetPort: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(targetPort);
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** How many connections are open. */
  get open(): number {
    return this.connections.size;
  }

  /** Ends all open connections. New ones are taken. */
  cut(how: 'close' | 'reset' = 'close'): void {
    for (const connection of this.connections) connection.cut(how);
  }

  /** Open connections stay open, and nothing arrives any more: half-open to both sides. New ones are taken. */
  swallow(): void {
    for (const connection of this.connections) connection.swallow();
  }

  /** How long bytes take from here on, each way, ms. */
  delay(ms: number): void {
    this.faults.delayMs = ms;
  }

  /** Resets whoever connects, until it is told `false`. */
  refuse(refuses: boolean): void {
    this.refuses = refuses;
  }

  /**
   * What becomes of the next reply to a request that matches: the server has done what it was asked, and the client
   * never learns it. Resolves when that happened.
   */
  failReply(fault: ReplyFault, request = /./s): Promise<void> {
    return new Promise((done) => {
      this.faults.nextReply = { fault, request, done };
    });
  }

  async close(): Promise<void> {
    this.cut('reset');
    this.server.close();
    await once(this.server, 'close');
  }
}
