import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { bootstrap, sqliteStore } from 'holdfast';
import { History } from './history.js';
import { events, publishedKinds, timeKinds } from './workload.js';

const [, , folder = '', everyMs = '20'] = process.argv;

const kinds = [...publishedKinds, ...timeKinds];

/** Knows no worker class: who takes an event is read from the store. What was not accepted for sure is published again. */
async function main(): Promise<void> {
  const history = new History(folder);
  const app = await bootstrap({ role: 'publisher', store: sqliteStore(join(folder, 'torture.db')) });
  let stopping = false;
  process.once('SIGTERM', () => (stopping = true));
  process.once('disconnect', () => process.exit(1));
  process.send?.('up');
  for (let n = history.lines().filter((line) => line.saw === 'accepted').length; !stopping; n++) {
    const kind = kinds[n % kinds.length] as (typeof kinds)[number];
    const published = await app.publish(events[kind], { n, key: `k${n % 3}` }, { id: `event-${n}` });
    const executions = published.executions.map(({ id }) => id);
    history.add({ saw: 'accepted', eventId: published.eventId, event: kind, executions });
    await pause(Math.random() * 2 * Number(everyMs));
  }
  await app.close();
  process.exit(0);
}

void main();
