import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly headers: IncomingMessage['headers'];
  readonly events: readonly Readonly<Record<string, unknown>>[];
  readonly dropped?: number;
}

/** What the server does with a request that it has read. */
export type Behaviour = (received: Received, response: ServerResponse) => void;

export const takes: Behaviour = (_, response) => void response.writeHead(204).end();
/** Never answers. */
export const hangs: Behaviour = () => {};
export function answers(status: number, headers: Readonly<Record<string, string>> = {}): Behaviour {
  return (_, response) => void response.writeHead(status, headers).end('secret words');
}

/** A server of this machine that keeps what it was sent. */
export class RecordingServer {
  readonly requests: Received[] = [];
  /** Only what it has answered with 2xx. */
  readonly taken: Received['events'][number][] = [];
  behaves: Behaviour = takes;
  private readonly waiting = new Set<() => void>();
  private port = 0;

  private constructor(private server: Server) {}

  static async start(): Promise<RecordingServer> {
    const recording = new RecordingServer(createServer());
    await recording.listen();
    return recording;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/ingest?key=s3cret`;
  }

  /** Resolves as soon as that holds, looked at after each request. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds())
      await new Promise<void>((resolve) => {
        const look = (): void => {
          this.waiting.delete(look);
          resolve();
        };
        this.waiting.add(look);
      });
  }

  /** Nobody listens from here on. */
  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Listens again, on the same port. */
  async restart(): Promise<void> {
    this.server = createServer();
    await this.listen();
  }

  private async listen(): Promise<void> {
    this.server.on('request', (request, response) => void this.answer(request, response));
    await new Promise<void>((resolve) => this.server.listen(this.port, '127.0.0.1', resolve));
    this.port = (this.server.address() as AddressInfo).port;
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const received = { headers: request.headers, ...(JSON.parse(text) as Omit<Received, 'headers'>) };
    this.requests.push(received);
    this.behaves(received, response);
    if (response.writableEnded && response.statusCode < 300) this.taken.push(...received.events);
    for (const look of this.waiting) look();
  }
}
