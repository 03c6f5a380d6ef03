import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { bootstrap, sqliteStore } from 'holdfast';
import { History } from './history.js';
import { events, publishedKinds } from './workload.js';

const [, , folder = '', everyMs = '20'] = process.argv;

/** Knows no worker class: who takes an event is read from the store. What was not accepted for sure is published again. */
async function main(): Promise<void> {
  const history = new History(folder);
  const app = await bootstrap({ role: 'publisher', store: sqliteStore(join(folder, 'torture.db')) });
  let stopping = false;
  process.once('SIGTERM', () => (stopping = true));
  process.once('disconnect', () => process.exit(1));
  process.send?.('up');
  for (let n = history.lines().filter((line) => line.saw === 'accepted').length; !stopping; n++) {
    const kind = publishedKinds[n % publishedKinds.length] as (typeof publishedKinds)[number];
    const published = await app.publish(events[kind], { n }, { id: `event-${n}` });
    const executions = published.executions.map(({ id }) => id);
    history.add({ saw: 'accepted', eventId: published.eventId, executions });
    await pause(Math.random() * 2 * Number(everyMs));
  }
  await app.close();
  process.exit(0);
}

void main();
