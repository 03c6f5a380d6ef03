import type { Answer } from './answer.js';
import { gather, type BodyRead, type Inbound, isForwarded, isLoopbackHost } from './inbound.js';
import { Refusal } from './refusal.js';
import { isLoopbackAddress, remoteAddress } from './remote-address.js';

/** A `Request` as Next.js, Hono, Deno, Bun and serverless hosts give it, and what they give beside it. */
export function webInbound(request: Request, server: unknown): Inbound {
  const url = new URL(request.url);
  const header = (name: string): string | null => request.headers.get(name);
  const address = remoteAddress(request, server);
  return {
    method: request.method,
    path: url.pathname,
    header,
    address,
    // Its host is what the request says, so it is no proof: but another name is one of a page that was led here.
    isFromHere:
      address !== null && isLoopbackAddress(address) && isLoopbackHost(url.hostname) && !isForwarded(header),
    guarded: () => new Request(request.url, { method: request.method, headers: request.headers }),
    body: (limitBytes) => readBody(request, limitBytes),
  };
}

export function webResponse({ status, headers, body }: Answer): Response {
  return new Response(body, { status, headers });
}

function readBody(request: Request, limitBytes: number): BodyRead {
  if (request.bodyUsed)
    return {
      bytes: Promise.reject(
        new Error('the body was read before the mount saw the request: hand it on unread'),
      ),
      stop: () => {},
    };
  const reader = request.body?.getReader() ?? null;
  const stop = (): void => void reader?.cancel().catch(() => {});
  return {
    bytes: reader === null ? Promise.resolve(new Uint8Array()) : pull(reader, limitBytes, stop),
    stop,
  };
}

async function pull(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  limitBytes: number,
  stop: () => void,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const piece = await reader.read().catch(() => {
      throw new Refusal('BODY_INVALID', 'the body ended early');
    });
    if (piece.done) return gather(pieces, size);
    size += piece.value.byteLength;
    if (size > limitBytes) {
      stop();
      throw new Refusal('BODY_TOO_LARGE');
    }
    pieces.push(piece.value);
  }
}
