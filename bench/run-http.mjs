/**
 * Events through a mounted POST over a real server, beside a route by hand that publishes the same.
 *
 *   npm run --silent node24 -- bench/run-http.mjs          a part of bench/RESULTS.md; about a minute
 *   ... -- bench/run-http.mjs --c=1 --pairs=3 --ms=300 --print
 */
import { fork } from 'node:child_process';
import { Agent, request as httpRequest } from 'node:http';
import { once } from 'node:events';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from '../scripts/build.mjs';
import { httpPage } from './http-page.mjs';
import { writePart } from './results-file.mjs';
import { median, medianInterval } from './statistics.mjs';
import { closedLoop, eventOf } from './workload.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const options = new Map(
  process.argv.slice(2).map((text) => {
    const [name, value] = text.replace(/^--/, '').split('=');
    return [name, value ?? 'yes'];
  }),
);
const pairs = Number(options.get('pairs') ?? 9);
const ms = Number(options.get('ms') ?? 600);
const inFlight = (options.get('c') ?? '1,64').split(',').map(Number);
const folder = resolve(options.get('build') ?? join(here, '../.cache/bench'));
const WARM_UP_MS = 1_500;
const KEY = 'a key of the benchmark, which is long enough';
const kinds = ['by hand', 'guarded', 'signed', 'limited'];

if (!options.has('build')) await build(folder);
process.env.HOLDFAST_BENCH_BUILD = folder;
const { signedHeaders } = await import(join(folder, 'esm/lib/entries/index.js'));

/** One forked server, and a client that keeps its connections. */
class Server {
  constructor(kind, c) {
    this.agent = new Agent({ keepAlive: true, maxSockets: c });
    this.process = fork(join(here, 'http-subject.mjs'), [kind, KEY], {
      env: { ...process.env, NODE_ENV: 'production' },
    });
  }

  async open() {
    const [{ port }] = await once(this.process, 'message');
    this.port = port;
    return this;
  }

  async ask(question) {
    const answer = once(this.process, 'message');
    this.process.send(question);
    return (await answer)[0];
  }

  async measure(c, forMs) {
    const before = (await this.ask({})).cpuMs;
    const measured = await closedLoop({ c, ms: forMs, one: (i) => this.post(i) });
    const serverCpuMs = ((await this.ask({})).cpuMs - before) / measured.count;
    return { ...measured, serverCpuMs };
  }

  post(i) {
    const body = JSON.stringify({ event: 'order.created', data: eventOf(i) });
    const headers = { ...signedHeaders(KEY, body), 'content-length': Buffer.byteLength(body) };
    return new Promise((done, failed) => {
      const { agent, port } = this;
      const request = httpRequest({ agent, port, method: 'POST', path: '/holdfast', headers }, (response) => {
        response.resume();
        response.on('end', () =>
          response.statusCode === 202 ? done() : failed(new Error(`answered ${response.statusCode}`)),
        );
      });
      request.on('error', failed);
      request.end(body);
    });
  }

  async end() {
    this.agent.destroy();
    await this.ask({ end: true });
  }
}

async function contest(c) {
  const servers = await Promise.all(kinds.map((kind) => new Server(kind, c).open()));
  const rounds = [];
  for (const server of servers) await server.measure(c, WARM_UP_MS);
  for (let round = 0; round < pairs; round++) {
    const measured = {};
    const order = kinds.map((_, at) => (at + round) % kinds.length);
    for (const at of order) measured[kinds[at]] = await servers[at].measure(c, ms);
    rounds.push(measured);
  }
  for (const server of servers) await server.end();
  return kinds.map((kind) => summary(kind, c, rounds));
}

function summary(kind, c, rounds) {
  const of = (field) => median(rounds.map((round) => round[kind][field]));
  const ratio = medianInterval(rounds.map((round) => round[kind].perSecond / round['by hand'].perSecond));
  const row = { kind, c, ratio, perSecond: of('perSecond'), p50: of('p50'), p99: of('p99') };
  return { ...row, serverCpuMs: of('serverCpuMs') };
}

const rows = [];
for (const c of inFlight) rows.push(...(await contest(c)));
const page = httpPage({ rows, pairs, ms });
if (options.has('print')) console.log(page);
else writePart('http', page);
