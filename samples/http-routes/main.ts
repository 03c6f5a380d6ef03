// node --import @swc-node/register/esm-register samples/http-routes/main.ts
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  bootstrap,
  defineEvent,
  type EventData,
  httpDispatcher,
  type Mount,
  OnEvent,
  signedHeaders,
  sqliteStore,
  Step,
  Worker,
} from 'holdfast';
import { z } from 'zod';

const SignedUp = defineEvent('user.signed-up', z.object({ email: z.email(), name: z.string() }));
type SignedUp = EventData<typeof SignedUp>;

@Worker('welcome')
class WelcomeWorker {
  @OnEvent(SignedUp)
  async greet({ email, name }: SignedUp): Promise<string> {
    return this.send(email, `Welcome, ${name}`);
  }

  @Step()
  async send(email: string, text: string): Promise<string> {
    return `${text}: mailed to ${email}`;
  }
}

/** Where a real one is read from: process.env. */
const key = 'a key of 32 characters at the least, from openssl rand -hex 32';
const folder = mkdtempSync(join(tmpdir(), 'holdfast-http-'));
const store = (): ReturnType<typeof sqliteStore> => sqliteStore(join(folder, 'jobs.db'));
const servers: Server[] = [];

/** What Express does with `express().use(…)`: one after the other, until one answers. */
type Middleware = (request: IncomingMessage, response: ServerResponse, next: () => void) => unknown;

function listen(...chain: readonly Middleware[]): Promise<string> {
  const run = (request: IncomingMessage, response: ServerResponse, at = 0): void =>
    void chain[at]?.(request, response, () => run(request, response, at + 1));
  const server = createServer((request, response) => run(request, response));
  servers.push(server);
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () =>
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    );
  });
}

/** Signed, as another service would send it. */
async function post(
  to: (body: string, headers: Record<string, string>) => Promise<Response>,
  data: object,
  id?: string,
): Promise<void> {
  const body = JSON.stringify({ event: 'user.signed-up', data, id });
  const response = await to(body, { ...signedHeaders(key, body) });
  const { executions = [], ...answer } = (await response.json()) as { executions?: { value?: unknown }[] };
  console.log(
    `  ${response.status}`,
    JSON.stringify({ ...answer, values: executions.map(({ value }) => value) }),
  );
}

// 1. A worker process, in the style of Express: hints come in here, and events of who signs them.
const worker = await bootstrap({ workers: [WelcomeWorker], store: store() });
await worker.start();
const jobs: Mount = worker.mount({ signing: key, sync: true });
const base = await listen(jobs.node, (_request, response) => response.writeHead(404).end('not the mount’s'));
const overHttp = (body: string, headers: Record<string, string>): Promise<Response> =>
  fetch(`${base}/holdfast`, { method: 'POST', body, headers });

console.log('Express, with the result:');
await post(overHttp, { email: 'ada@example.com', name: 'Ada' });
console.log('the same id twice:');
await post(overHttp, { email: 'bob@example.com', name: 'Bob' }, 'bob');
await post(overHttp, { email: 'bob@example.com', name: 'Bob' }, 'bob');
console.log('what is wrong with the data, by field:');
await post(overHttp, { email: 'nobody', name: 'Eve' });
console.log('without a signature:');
await post(
  (body) =>
    fetch(`${base}/holdfast`, { method: 'POST', body, headers: { 'content-type': 'application/json' } }),
  {},
);
console.log(`elsewhere:\n  ${(await fetch(`${base}/about`)).status}`);

// 2. A web process that only publishes, in the style of Next.js: `export const { POST } = …`. It wakes the worker by a signed hint.
const web = await bootstrap({
  role: 'publisher',
  store: store(),
  dispatcher: httpDispatcher({ url: `${base}/holdfast`, signing: key }),
});
const { POST } = web.mount({
  guard: (request) => request.headers.get('cookie') === 'session=ada',
  events: [SignedUp],
});
const route = (cookie: string): Promise<Response> =>
  POST(
    new Request('https://shop.example.com/api/holdfast', {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie },
      body: JSON.stringify({ event: 'user.signed-up', data: { email: 'cy@example.com', name: 'Cy' } }),
    }),
  );
console.log(`Next.js, a stranger:\n  ${(await route('session=eve')).status}`);
const accepted = await route('session=ada');
const { executions } = (await accepted.json()) as { executions: [{ id: string }] };
console.log(`Next.js, who is known:\n  ${accepted.status}`, await web.execution(executions[0].id).result());

// 3. A serverless function: nothing runs between requests.
await worker.stop();
const lambda = await bootstrap({ workers: [WelcomeWorker], store: store() });
const serverless = lambda.mount({ signing: key, sync: true, process: { within: '5s' } });
console.log('serverless:');
await post(
  (body, headers) =>
    serverless.fetch(new Request('https://fn.example.com/holdfast', { method: 'POST', body, headers })),
  { email: 'dee@example.com', name: 'Dee' },
);

for (const app of [web, worker, lambda]) await app.close();
for (const server of servers) server.close().closeAllConnections();
rmSync(folder, { recursive: true });
