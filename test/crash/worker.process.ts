import { bootstrap, consoleLogger, type ExecutionMode } from 'holdfast';
import { forgetful } from './forgetful-store.js';
import { History } from './history.js';
import { TortureActor, TortureGather, TortureTicks } from './time-workers.js';
import { TortureAudit, TortureWorker } from './torture-workers.js';
import { LEASE_MS, SWEEP_MS } from './torture-limits.js';
import { watchRenewals } from './watched-store.js';
import { Witness } from './witness.js';
import { dispatcherOf, storeOf } from './world.js';

const [, , folder = '', mode = 'UNTIL_ERROR', fault = ''] = process.argv;

async function main(): Promise<void> {
  const history = new History(folder);
  const witness = new Witness(history);
  const store = watchRenewals(storeOf(folder), (sentAt) => history.add({ saw: 'renewed', sentAt }));
  const app = await bootstrap({
    workers: [TortureWorker, TortureAudit, TortureActor, TortureGather, TortureTicks],
    providers: [{ provide: Witness, useValue: witness }],
    store: fault === 'forgetful' ? forgetful(store, 20) : store,
    dispatcher: dispatcherOf(folder),
    executionMode: mode as ExecutionMode,
    clock: witness.clock,
    logger: consoleLogger({ level: 'error' }),
    concurrency: 20,
    lease: LEASE_MS,
    sweep: SWEEP_MS,
    drainTimeout: '3s',
  });
  app.on('execution.started', ({ executionId }) => history.add({ saw: 'pass', execution: executionId }));
  app.on('execution.waiting', ({ executionId }) => history.add({ saw: 'waiting', execution: executionId }));
  for (const status of ['completed', 'failed', 'cancelled', 'parked', 'skipped'] as const)
    app.on(`execution.${status}`, ({ executionId }) =>
      history.add({ saw: 'ended', execution: executionId, status }),
    );
  process.once('disconnect', () => process.exit(1));
  process.once('SIGTERM', () => void app.close().then(() => process.exit(0)));
  await app.start();
  history.add({ saw: 'up' });
  process.send?.('up');
}

void main();
