// node --import @swc-node/register/esm-register samples/web-servers/main.ts
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { signedHeaders } from 'holdfast';
import { expressServer } from './express-server.js';
import { hono } from './hono-server.js';
import { close, jobs, key } from './jobs.js';
import { POST } from './next/app/holdfast/route.js';
import { serveFetch } from './serve-fetch.js';

const json = { 'content-type': 'application/json' };
const message = (name: string): string =>
  JSON.stringify({
    event: 'user.signed-up',
    data: { email: `${name.toLowerCase()}@example.com`, name },
    id: name,
  });

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

interface Told {
  readonly code?: string;
  readonly executions?: readonly { readonly id: string; readonly value?: unknown }[];
}

/** Posts, and prints what was answered; what was only accepted is awaited, which its sender could not do. */
async function post(
  url: string,
  body: string,
  headers: Readonly<Record<string, string>> = json,
): Promise<void> {
  const response = await fetch(url, { method: 'POST', body, headers });
  const { code, executions = [] } = (await response.json()) as Told;
  const values = executions.map(async ({ id, value }) =>
    String(value ?? (await jobs.execution(id).result())),
  );
  console.log(`  ${response.status}`, code ?? (await Promise.all(values)).join());
}

const servers: Server[] = [];
const express = await expressServer();
servers.push(express);
console.log('Express:');
await post(`${urlOf(express)}/holdfast`, message('Ada'), signedHeaders(key, message('Ada')));
await post(`${urlOf(express)}/holdfast`, message('Ada'), signedHeaders(key, message('Ada')));
await post(`${urlOf(express)}/holdfast`, message('Eve'));
await post(`${urlOf(express)}/signups`, JSON.stringify({ email: 'bob@example.com', name: 'Bob' }));
await post(`${urlOf(express)}/holdfast`, '{}', signedHeaders(key, '{}'));
await post(`${urlOf(express)}/holdfast`, message('Cy'), signedHeaders(key, message('Cy')));

const honoServer = await serveFetch(hono.fetch);
servers.push(honoServer);
console.log('Hono:');
await post(`${urlOf(honoServer)}/holdfast`, message('Dee'), {
  ...json,
  authorization: 'Bearer of-the-shop',
});
await post(`${urlOf(honoServer)}/holdfast`, message('Eve'), json);
const hint = JSON.stringify({ v: 1, hints: [] });
await post(`${urlOf(honoServer)}/holdfast/hints`, hint, json);
console.log(`  ${await (await fetch(`${urlOf(honoServer)}/health`)).text()}`);

const next = await serveFetch(POST);
servers.push(next);
console.log('Next.js:');
await post(`${urlOf(next)}/holdfast`, message('Flo'), { ...json, cookie: 'session=ada' });
await post(`${urlOf(next)}/holdfast`, message('Eve'), { ...json, cookie: 'session=eve' });

for (const server of servers) server.close().closeAllConnections();
await close();
