import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  request as nodeRequest,
  type Server,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHmac } from 'node:crypto';
import type { Mount } from 'holdfast';

/** One request, of which every part may be wrong. */
export interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Uint8Array;
}

export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
}

export type Send = (sent: Sent) => Promise<Answered>;

const open: Server[] = [];

/** A server on a free port of this machine, closed after the test. */
export async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export async function closeServers(): Promise<void> {
  for (const server of open.splice(0)) {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}

/** Sends to a real server. Its headers are written as they are: two of one name stay two. */
export function overNode(base: string): Send {
  const { hostname, port } = new URL(base);
  return ({ method = 'POST', path = '/holdfast', headers = {}, body = '' }) =>
    new Promise((resolve, reject) => {
      const bytes = Buffer.from(body);
      const sized = 'content-length' in headers || 'transfer-encoding' in headers;
      const request = nodeRequest(
        {
          hostname,
          port,
          method,
          path,
          headers: { ...headers, ...(sized ? null : { 'content-length': String(bytes.length) }) } as Record<
            string,
            string
          >,
          agent: false,
        },
        (response) => void textOf(response).then((text) => resolve(answered(response, text)), reject),
      );
      request.on('error', reject);
      request.end(bytes);
    });
}

function answered({ statusCode = 0, headers }: IncomingMessage, text: string): Answered {
  return { status: statusCode, headers: headers as Record<string, string>, text };
}

async function textOf(response: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of response) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString();
}

/** Sends a `Request` to the function that a framework would call. */
export function overFetch(mount: Pick<Mount, 'fetch'>): Send {
  return async ({ method = 'POST', path = '/holdfast', headers = {}, body = '' }) => {
    const flat = new Headers();
    for (const [name, value] of Object.entries(headers))
      for (const each of typeof value === 'string' ? [value] : value) flat.append(name, each);
    const hasBody = method !== 'GET' && method !== 'HEAD';
    const response = await mount.fetch(
      new Request(`http://jobs.example.com${path}`, {
        method,
        headers: flat,
        ...(hasBody ? { body: Buffer.from(body) } : null),
      }),
    );
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      text: await response.text(),
    };
  };
}

/** Written a second time, as `docs/http.md` tells other languages to: the package's own signatures are not asked. */
export function signatureOf(
  key: string,
  body: string | Uint8Array,
  signed: { readonly id: string; readonly timestamp: number | string; readonly surface?: string },
): string {
  const { surface = 'events', timestamp, id } = signed;
  return createHmac('sha256', key).update(`v1.${surface}.${timestamp}.${id}.`).update(body).digest('hex');
}

export function seconds(offsetMs = 0): number {
  return Math.floor((Date.now() + offsetMs) / 1_000);
}

/** Headers of a request that nothing is wrong with. */
export function goodHeaders(
  key: string,
  body: string | Uint8Array,
  id: string,
  surface = 'events',
): Record<string, string> {
  const timestamp = seconds();
  return {
    'content-type': 'application/json',
    'holdfast-id': id,
    'holdfast-timestamp': String(timestamp),
    'holdfast-signature': `v1,${signatureOf(key, body, { id, timestamp, surface })}`,
  };
}
