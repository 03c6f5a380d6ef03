import { join } from 'node:path';
import { bootstrap, silentLogger, sqliteStore } from 'holdfast';
import { History } from './history.js';
import { scenarioWorkers } from './scenario-workers.js';
import { Witness } from './witness.js';

const [, , folder = '', names = '', lease = '15s', sweep = '5s'] = process.argv;

/** A worker process with the workers that its arguments name. */
async function main(): Promise<void> {
  const history = new History(folder);
  const app = await bootstrap({
    workers: names.split(',').map((name) => scenarioWorkers[name as keyof typeof scenarioWorkers]),
    providers: [{ provide: Witness, useValue: new Witness(history) }],
    store: sqliteStore(join(folder, 'torture.db')),
    logger: silentLogger,
    lease: lease as '15s',
    sweep: sweep as '5s',
  });
  app.on('execution.started', ({ executionId }) => history.add({ saw: 'pass', execution: executionId }));
  process.once('disconnect', () => process.exit(1));
  process.once('SIGTERM', () => void app.close().then(() => process.exit(0)));
  await app.start();
  history.add({ saw: 'up' });
  process.send?.('up');
}

void main();
