import { AppClosedError, bootstrap, silentLogger, type WorkerApp } from 'holdfast';
import { Call, CallWorker, IN_FLIGHT, SLOTS } from './call-worker.js';
import { History } from './history.js';
import { sharedAt } from './shared-store.js';
import { LEASE_MS, SWEEP_MS } from './torture-limits.js';

const [, , folder = '', location = '', part = '0', parts = '1', calls = '0'] = process.argv;

/** One of several processes that call, and, but for the first, run what any of them called. */
async function main(): Promise<void> {
  const history = new History(folder);
  const app = await bootstrap({
    ...sharedAt(location),
    role: part === '0' ? 'publisher' : 'both',
    workers: [CallWorker],
    logger: silentLogger,
    concurrency: SLOTS,
    lease: LEASE_MS,
    sweep: SWEEP_MS,
    drainTimeout: '3s',
  });
  process.once('disconnect', () => process.exit(1));
  const ended = new Promise<void>((resolve) => process.once('SIGTERM', () => resolve()));
  await app.start();
  history.add({ saw: 'up' });
  process.send?.('up');
  const callers = callAll(app, history, unanswered(history));
  await ended;
  // Whoever still waits is told: a caller that hangs keeps the process from ending.
  await Promise.all([app.close(), callers]);
  process.exit(0);
}

/** The calls of this process that none of its lives was answered. */
function unanswered(history: History): number[] {
  const answered = new Set(history.lines().map((line) => (line.saw === 'answered' ? line.call : null)));
  const all = Array.from({ length: Number(calls) }, (_, n) => n);
  return all.filter((n) => n % Number(parts) === Number(part) && !answered.has(n));
}

async function callAll(app: WorkerApp, history: History, left: number[]): Promise<void> {
  let isClosed = false;
  const caller = async (): Promise<void> => {
    for (let n = left.shift(); n !== undefined && !isClosed; n = left.shift())
      isClosed = await isRefused(app, history, n);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, caller));
}

/** Calls, and waits for the result: one that an earlier life has called goes on. */
async function isRefused(app: WorkerApp, history: History, n: number): Promise<boolean> {
  try {
    const publication = await app.publish(Call, { n }, { id: `call-${n}` });
    history.add({ saw: 'asked', call: n });
    const { value, by } = await publication.of(CallWorker, 'answer').result();
    history.add({ saw: 'answered', call: n, value, by });
    return false;
  } catch (error) {
    history.add({ saw: 'refused', call: n, error: String(error) });
    return error instanceof AppClosedError;
  }
}

void main();
