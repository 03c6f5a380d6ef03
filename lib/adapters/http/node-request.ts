import type { Answer } from './answer.js';
import { gather, type BodyRead, type Inbound, isForwarded, isLoopbackHost } from './inbound.js';
import { Refusal } from './refusal.js';
import { isLoopbackAddress } from './remote-address.js';

/** What the mount reads of a request of `node:http`, Express, Connect or Nest. */
export interface NodeRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** The whole path, where a router has cut `url`. */
  readonly originalUrl?: string | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly socket: { readonly remoteAddress?: string | undefined };
  /** The client's address as Express tells it, which knows its `trust proxy`. */
  readonly ip?: string | undefined;
  readonly httpVersionMajor?: number;
  /** Whether the client is gone. */
  readonly destroyed?: boolean;
  readonly readableEnded?: boolean;
  /** The bytes, where a host kept them: Nest with `rawBody: true`. */
  readonly rawBody?: unknown;
  /** What a body parser left: only bytes are of use. */
  readonly body?: unknown;
  on(event: 'data' | 'end' | 'error' | 'close', listener: (piece?: unknown) => void): unknown;
  off(event: 'data' | 'end' | 'error' | 'close', listener: (piece?: unknown) => void): unknown;
  pause(): unknown;
}

/** What the mount uses of a response of `node:http` and of what is built on it. */
export interface NodeResponse {
  statusCode: number;
  /** Whether somebody else has answered. */
  readonly headersSent?: boolean;
  setHeader(name: string, value: string): unknown;
  end(body: string): unknown;
}

export function nodeInbound(request: NodeRequest): Inbound {
  const url = request.originalUrl ?? request.url ?? '/';
  const address = request.socket.remoteAddress ?? '';
  const header = (name: string): string | null => {
    const value = request.headers[name];
    return value === undefined ? null : typeof value === 'string' ? value : value.join(', ');
  };
  return {
    method: request.method ?? '',
    path: url.split('?', 1)[0] ?? '',
    header,
    address: request.ip ?? (address === '' ? null : address),
    isFromHere:
      isLoopbackAddress(address) &&
      isLoopbackHost((header('host') ?? header(':authority') ?? '').replace(/:\d+$/, '')) &&
      !isForwarded(header),
    guarded: () => guardedOf(request, url),
    body: (limitBytes) => readBody(request, limitBytes),
  };
}

export function answerNode(
  { httpVersionMajor = 1 }: NodeRequest,
  response: NodeResponse,
  { status, headers, body }: Answer,
): void {
  if (response.headersSent === true) return;
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  // What was not read would be taken for the next request, or be read to no end.
  if (httpVersionMajor < 2 && (status === 408 || status === 413)) response.setHeader('connection', 'close');
  response.end(body);
}

function guardedOf({ method, headers }: NodeRequest, url: string): Request {
  const copied = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    // Of HTTP/2: method, path and host, which are no headers.
    if (name.startsWith(':')) continue;
    if (typeof value === 'string') copied.set(name, value);
    else for (const each of value ?? []) copied.append(name, each);
  }
  // Not what the request says its host is: a guard that believed it would believe anybody.
  return new Request(`http://localhost${url.startsWith('/') ? url : '/'}`, {
    method: method ?? 'POST',
    headers: copied,
  });
}

function readBody(request: NodeRequest, limitBytes: number): BodyRead {
  const kept = [request.rawBody, request.body].find((each) => each instanceof Uint8Array);
  if (kept !== undefined) return { bytes: within(kept as Uint8Array, limitBytes), stop: () => {} };
  if (request.readableEnded === true)
    return {
      bytes: Promise.reject(
        new Error('a body parser read the request before the mount saw it: mount before express.json()'),
      ),
      stop: () => {},
    };
  // Nothing more would ever come, not even its end.
  if (request.destroyed === true) return { bytes: Promise.reject(endedEarly()), stop: () => {} };
  return collect(request, limitBytes);
}

function endedEarly(): Refusal {
  return new Refusal('BODY_INVALID', 'the body ended early');
}

async function within(bytes: Uint8Array, limitBytes: number): Promise<Uint8Array> {
  if (bytes.byteLength > limitBytes) throw new Refusal('BODY_TOO_LARGE');
  return bytes;
}

function collect(request: NodeRequest, limitBytes: number): BodyRead {
  const pieces: Uint8Array[] = [];
  let size = 0;
  let stop = (): void => {};
  const bytes = new Promise<Uint8Array>((resolve, reject) => {
    const take = (piece?: unknown): void => {
      pieces.push(piece as Uint8Array);
      size += (piece as Uint8Array).byteLength;
      if (size <= limitBytes) return;
      stop();
      reject(new Refusal('BODY_TOO_LARGE'));
    };
    const end = (): void => {
      stop();
      resolve(gather(pieces, size));
    };
    const broken = (): void => {
      stop();
      reject(endedEarly());
    };
    const ends = [
      ['data', take],
      ['end', end],
      ['error', broken],
      ['close', broken],
    ] as const;
    stop = () => {
      for (const [event, listener] of ends) request.off(event, listener);
      // A stream that breaks later has nobody else who listens.
      request.on('error', () => {});
      request.pause();
    };
    for (const [event, listener] of ends) request.on(event, listener);
  });
  return { bytes, stop };
}
