import { createServer, type IncomingMessage, type Server } from 'node:http';
import { Readable } from 'node:stream';

type Handler = (
  request: Request,
  env: { readonly incoming: IncomingMessage },
) => Response | Promise<Response>;

/** What `@hono/node-server` and Next.js do for real: a server of node:http for a function of Request and Response. */
export function serveFetch(handler: Handler): Promise<Server> {
  const server = createServer((incoming, outgoing) => {
    void Promise.resolve(handler(requestOf(incoming), { incoming })).then(async (response) => {
      outgoing.writeHead(response.status, Object.fromEntries(response.headers));
      outgoing.end(Buffer.from(await response.arrayBuffer()));
    });
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}

function requestOf(incoming: IncomingMessage): Request {
  const { method = 'GET', url = '/', headers } = incoming;
  const hasBody = method !== 'GET' && method !== 'HEAD';
  return new Request(`http://${headers.host ?? 'localhost'}${url}`, {
    method,
    headers: Object.entries(headers).map(([name, value]) => [name, String(value)] as [string, string]),
    ...(hasBody ? { body: Readable.toWeb(incoming) as ReadableStream, duplex: 'half' } : null),
  });
}
