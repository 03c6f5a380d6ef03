// node --import @swc-node/register/esm-register samples/bull-board/main.ts
//
// Needs a Redis for BullMQ: REDIS_URL, or one on this machine. This process takes orders for reports and shows the queues; another one
// makes the reports. With `--stay` the board stays open in the browser. Set HOLDFAST_STORE_URL to keep executions in Redis, too.
import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import express from 'express';
import { bootstrap, consoleLogger } from 'holdfast';
import { bullmqDispatcher } from 'holdfast/bullmq';
import { ReportAsked, ReportWorker } from './report-worker.js';
import { runWorkerProcess } from './worker-process.js';

/** What the board answers to its page. */
interface Board {
  readonly queues: readonly { readonly name: string; readonly counts: Readonly<Record<string, number>> }[];
}

const redis = process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379';

async function show(prefix: string): Promise<void> {
  const dispatcher = bullmqDispatcher({ connection: redis, prefix, removeOnComplete: { count: 100 } });
  await using app = await bootstrap({
    workers: [ReportWorker],
    role: 'publisher', // It makes queues, and no BullMQ worker.
    dispatcher,
    logger: consoleLogger({ level: 'error' }),
  });
  await app.start();

  const board = new ExpressAdapter().setBasePath('/queues');
  const queues = (await dispatcher.getQueues()).map((queue) => new BullMQAdapter(queue));
  createBullBoard({ queues, serverAdapter: board });
  const server = express().use('/queues', board.getRouter()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const page = `http://127.0.0.1:${(server.address() as AddressInfo).port}/queues`;
  const tell = async (when: string): Promise<void> => {
    const { queues: shown } = (await (await fetch(`${page}/api/queues`)).json()) as Board;
    for (const { name, counts } of shown)
      console.log(
        `${when}: queue ${name} has ${counts['prioritized']} to do, ${counts['delayed']} delayed, ${counts['completed']} done`,
      );
  };

  const customers = ['Ada', 'Grace', 'Edsger', 'Barbara'];
  const asked = await app.publishMany(customers.map((customer) => [ReportAsked, { customer }] as const));
  const [queue] = await dispatcher.getQueues();
  while ((await queue?.getPrioritizedCount()) !== customers.length)
    await new Promise((resolve) => setTimeout(resolve, 10));
  await tell('before a worker runs');

  const worker = fork(fileURLToPath(import.meta.url), ['worker', prefix]);
  for (const each of asked) console.log(await each.of(ReportWorker).result());
  await tell('afterwards');

  if (process.argv.includes('--stay')) {
    console.log(`The board: ${page}`);
    await once(process, 'SIGINT');
  }
  worker.kill('SIGTERM');
  await once(worker, 'exit');
  for (const each of await dispatcher.getQueues()) await each.obliterate({ force: true });
  server.close();
  server.closeAllConnections();
}

if (process.argv[2] === 'worker') await runWorkerProcess(redis, process.argv[3] ?? '');
else {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-board-'));
  process.env['HOLDFAST_STORE_URL'] ??= `sqlite:${join(folder, 'reports.db')}`;
  try {
    await show(`holdfast-board-${randomUUID()}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
