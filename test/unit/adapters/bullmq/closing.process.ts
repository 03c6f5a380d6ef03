import { bootstrap, defineEvent, memoryStore, OnEvent, Worker } from 'holdfast';
import { bullmqDispatcher } from 'holdfast/bullmq';
import { z } from 'zod';

const [, , url = '', queue = 'worker'] = process.argv;

const Row = defineEvent('row', z.object({ n: z.number() }));

@Worker({ id: 'rows' })
class Rows {
  @OnEvent(Row)
  load(): void {
    process.stdout.write('ran\n');
  }
}

/** Runs one execution if it can, then closes when it is told to, and has nothing more to do. */
async function main(): Promise<void> {
  const app = await bootstrap({
    workers: [Rows],
    store: memoryStore(),
    dispatcher: bullmqDispatcher({ connection: url, queue: queue === 'lane' ? 'lane' : 'worker' }),
  });
  await app.start();
  await app.publish(Row, { n: 1 });
  process.stdout.write('started\n');
  process.stdin.once('data', () => {
    process.stdin.destroy();
    void app.close().then(() => process.stdout.write('closed\n'));
  });
}

void main();
