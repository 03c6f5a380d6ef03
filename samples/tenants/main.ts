// node --import @swc-node/register/esm-register samples/tenants/main.ts
import { setTimeout as pause } from 'node:timers/promises';
import { IsInt } from 'class-validator';
import {
  bootstrap,
  defineEvent,
  type EventData,
  execution,
  Inject,
  memoryStore,
  OnEvent,
  SessionStoppedError,
  silentLogger,
  sleep,
  Worker,
  WORKER_APP,
  WorkerApp,
} from 'holdfast';
import { z } from 'zod';

const ImportAsked = defineEvent('import.asked', z.object({ rows: z.number() }));
type ImportAsked = EventData<typeof ImportAsked>;
const RowRead = defineEvent('row.read', z.object({ row: z.number() }));
type RowRead = EventData<typeof RowRead>;

/** What the executions of one tenant share. */
class Usage {
  @IsInt() rows!: number;
}

const order: string[] = [];

@Worker('imports')
class ImportWorker {
  constructor(@Inject(WORKER_APP) private readonly app: WorkerApp) {}

  /** What it publishes stays in its own session. */
  @OnEvent(ImportAsked)
  async read({ rows }: ImportAsked): Promise<number> {
    await this.app.publishMany(Array.from({ length: rows }, (_, row) => [RowRead, { row }] as const));
    return rows;
  }

  /** The update is stored in one commit with its step: each row counts once, whatever crashes. */
  @OnEvent(RowRead)
  async row({ row }: RowRead): Promise<void> {
    const tenant = execution().session as string;
    order.push(tenant);
    await this.app
      .session(tenant)
      .state(Usage)
      .update((usage) => ({ rows: (usage?.rows ?? 0) + 1 }));
    if (row >= 1_000) await sleep('1 day');
  }
}

await using app = await bootstrap({
  workers: [ImportWorker],
  store: memoryStore(),
  logger: silentLogger,
  concurrency: 1,
});
await app.start();

// A big tenant keeps no small one waiting: sessions are served in turn.
const big = app.session('big');
const small = app.session('small');
await big.publish(ImportAsked, { rows: 40 });
await pause(5);
await small.publish(ImportAsked, { rows: 3 });
while ((await app.sessions.active()).length > 0) await pause(5);
console.log(
  'rows of big and small:',
  (await big.state(Usage).get())?.rows,
  (await small.state(Usage).get())?.rows,
);
console.log('small was done before big:', order.lastIndexOf('small') < order.lastIndexOf('big'));

// A stop ends what is open of one tenant, nested work included, and of no other.
await big.publishMany(Array.from({ length: 5 }, (_, row) => [RowRead, { row: 1_000 + row }] as const));
const awaited = (await big.publish(RowRead, { row: 2_000 })).of(ImportWorker, 'row').result();
const other = await app.session('big-2').publish(RowRead, { row: 1_000 });
while ((await big.stats()).waiting < 6) await pause(5);
const { stopped, ended } = await big.stop();
console.log(`stopped ${stopped}, all ended: ${ended}`);
const error: unknown = await awaited.catch((cause: unknown) => cause);
console.log('the waiter was told:', error instanceof SessionStoppedError && error.session);
console.log("'big-2' goes on:", await other.of(ImportWorker, 'row').status());

// What is published afterwards runs.
await big.execute(RowRead, { row: 1 });
const { completed, cancelled } = await big.stats();
console.log(
  `big: ${completed} completed, ${cancelled} cancelled; rows: ${(await big.state(Usage).get())?.rows}`,
);
console.log('active:', await app.sessions.active());
await app.sessions.stopAll();
console.log('after stopAll:', await app.sessions.active());
