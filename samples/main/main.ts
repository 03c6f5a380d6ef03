// npm start
//
// Six orders on embedded SQLite. A worker process is killed with SIGKILL while it works, at the worst moment; another
// one goes on. At the end: what ran how often. Exits with 0 only if nothing was lost and nothing was done twice.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  bootstrap,
  consoleLogger,
  type ExecutionHandle,
  type Outcome,
  sqliteStore,
  TimeoutError,
} from 'holdfast';
import { OrderPlaced, OrderWorker } from './order-worker.js';
import { Payments } from './payments.js';
import { compare, storedSteps, type Order } from './report.js';
import { RunLog } from './run-log.js';
import { runWorkerProcess, type Told } from './worker-process.js';

const orderIds = ['order-1', 'order-2', 'order-3', 'order-4', 'order-5', 'order-6'];

async function tellTheStory(folder: string): Promise<boolean> {
  await using shop = await bootstrap({
    workers: [OrderWorker],
    providers: [
      { provide: Payments, useValue: new Payments(folder) },
      { provide: RunLog, useValue: new RunLog(folder, 0) },
    ],
    store: sqliteStore(join(folder, 'shop.db')),
    logger: consoleLogger({ level: 'error' }),
    role: 'publisher', // It takes orders; the work is done by the worker processes.
  });

  console.log('1. The shop places six orders. Each is safely stored when publish() resolves.');
  const handles = new Map<string, ExecutionHandle<string>>();
  for (const orderId of orderIds) {
    const published = await shop.publish(OrderPlaced, { orderId, cents: 4_900 }, { id: orderId });
    handles.set(orderId, published.of(OrderWorker, 'fulfil'));
  }
  const orderOf = new Map([...handles].map(([orderId, handle]) => [handle.id, orderId]));

  console.log('\n2. A worker process takes them up: reserve, charge, ship.');
  const payments = new Payments(folder);
  const first = startWorker(folder, 1, (told) => tell('worker 1', told, orderOf));
  while (payments.charges().length < 3) {
    if (first.exitCode !== null) throw new Error('worker 1 ended by itself');
    await pause(5);
  }
  first.kill('SIGKILL');
  await once(first, 'exit');
  const killedAt = Date.now();
  const before = await storedSteps(handles);
  console.log('   kill -9   the provider has charged a third card, and worker 1 dies before it hears so');

  console.log(
    '\n3. A second worker process starts. What the dead one held is free when its lease ends (here 2 s,',
  );
  console.log('   by default 15 s); orders that nobody had begun are taken at once.');
  let resumedAt = 0;
  const second = startWorker(folder, 2, (told) => {
    if (told.what === 'resumed' && resumedAt === 0) resumedAt = Date.now();
    tell('worker 2', told, orderOf);
  });
  const orders: Order[] = [];
  for (const [orderId, handle] of handles) {
    const outcome = await endOf(handle);
    if (outcome !== null)
      orders.push({
        orderId,
        executionId: handle.id,
        value: outcome.success ? outcome.value : String(outcome.error),
      });
  }
  second.kill('SIGTERM');
  await once(second, 'exit');

  console.log('\n4. What ran how often:\n');
  const { table, broken, sentences } = compare(handles.size, orders, {
    before,
    killedAt,
    runs: new RunLog(folder, 0).read(),
    charges: payments.charges(),
  });
  console.log(table.join('\n'));
  console.log(`\n${sentences.join('\n')}`);
  console.log(
    `The killed worker's orders were taken over ${((resumedAt - killedAt) / 1_000).toFixed(1)} s after the kill.`,
  );
  for (const line of broken) console.error(`BROKEN: ${line}`);
  return broken.length === 0;
}

/** Null: it has not ended in time. */
async function endOf(handle: ExecutionHandle<string>): Promise<Outcome<string> | null> {
  try {
    return await handle.outcome({ timeout: '20s' });
  } catch (error) {
    if (error instanceof TimeoutError) return null;
    throw error;
  }
}

function startWorker(folder: string, worker: number, heard: (told: Told) => void): ChildProcess {
  const child = fork(fileURLToPath(import.meta.url), ['work', folder, String(worker)]);
  child.on('message', (message) => heard(message as Told));
  return child;
}

function tell(who: string, { what, executionId = '', step = '' }: Told, orderOf: Map<string, string>): void {
  const order = orderOf.get(executionId) ?? '';
  if (what === 'completed') console.log(`   ${who}  ${order}  ${step.split('/').at(-1)} done and stored`);
  if (what === 'resumed') console.log(`   ${who}  ${order}  resumed where worker 1 left it`);
}

const [, , role, folder = '', worker = ''] = process.argv;
if (role === 'work') {
  await runWorkerProcess(folder, Number(worker));
} else {
  const temporary = mkdtempSync(join(tmpdir(), 'holdfast-demo-'));
  try {
    process.exitCode = (await tellTheStory(temporary)) ? 0 : 1;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
