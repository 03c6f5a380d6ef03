/**
 * One server that is measured: `run-http.mjs` forks one per subject and sends it requests. It stores events on SQLite FULL and
 * runs nothing, so that what is measured is the way of an event from the socket to the disk.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { engineOn, sqliteStoreIn } from './engine.mjs';

const [kind, key] = process.argv.slice(2);

/** What a route without a mount would be at the least: no signature, no limits, no types, one answer. */
function byHand({ publish }) {
  return (request, response) => {
    const pieces = [];
    request.on('data', (piece) => pieces.push(piece));
    request.on('end', () => {
      const { data } = JSON.parse(Buffer.concat(pieces).toString());
      void publish(data).then(({ executions: [{ id }] }) => {
        response.setHeader('content-type', 'application/json');
        response.statusCode = 202;
        response.end(JSON.stringify({ accepted: true, executions: [{ id }] }));
      });
    });
  };
}

function mounted({ app }, options) {
  const { node } = app.mount(options);
  return (request, response) => void node(request, response);
}

const listeners = {
  'by hand': byHand,
  guarded: (engine) => mounted(engine, { guard: () => true }),
  signed: (engine) => mounted(engine, { signing: key }),
  limited: (engine) => mounted(engine, { signing: key, rateLimit: { limit: 1_000_000_000 } }),
};

const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
const engine = await engineOn(sqliteStoreIn(folder, 'FULL'), 64);
const server = createServer(listeners[kind](engine));
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

process.on('message', ({ end }) => {
  if (end !== true) {
    const { user, system } = process.cpuUsage();
    process.send({ cpuMs: (user + system) / 1_000 });
    return;
  }
  server.close();
  server.closeAllConnections();
  void engine.app.close().then(() => {
    rmSync(folder, { recursive: true, force: true });
    process.send({}, () => process.exit());
  });
});
// The run that forked it is gone.
process.on('disconnect', () => process.exit());
process.send({ port: server.address().port });
