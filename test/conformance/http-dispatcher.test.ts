import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hintsIn } from '../../lib/adapters/http/hint-body.js';
import { claimOf, verify } from '../../lib/adapters/http/signature.js';
import { httpDispatcher } from '../../lib/app/dispatchers/http-dispatcher.js';
import { describeDispatcher } from '../../lib/testing/conformance/describe-dispatcher.js';

const KEY = 'a key of the conformance suite, long enough';

/** A dispatcher that tells itself, over a real connection. */
describeDispatcher('the dispatcher over HTTP', async () => {
  const receive = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const body = Buffer.concat(pieces);
    const claim = claimOf((name) => String(request.headers[name]), Date.now(), 60_000);
    const hints = hintsIn(JSON.parse(body.toString()));
    const isBelieved = typeof claim !== 'string' && verify([KEY], claim, 'hints', body);
    if (isBelieved && hints !== null) await dispatcher.deliver(hints);
    response.writeHead(isBelieved ? 202 : 401).end();
  };
  const server = createServer((request, response) => void receive(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const dispatcher = httpDispatcher({ url: `http://127.0.0.1:${port}/holdfast`, signing: KEY });
  return {
    dispatcher,
    dispose: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
});
