import { setTimeout as pause } from 'node:timers/promises';
import { bootstrap, consoleLogger, type Publication, type WorkerApp } from 'holdfast';
import { History } from './history.js';
import { events, publishedKinds, timeKinds } from './workload.js';
import { dispatcherOf, storeOf } from './world.js';

const [, , folder = '', everyMs = '20'] = process.argv;

const kinds = [...publishedKinds, ...timeKinds];

type PublishedKind = (typeof kinds)[number];

/** How long all that was published may take to end once nobody publishes any more. */
const SETTLE_MS = 25_000;

/** Publishes one event after the other, and waits for what becomes of each. */
class Publisher {
  stopping = false;
  /** Executions of which nobody has learned the end. */
  private readonly open = new Set<string>();

  constructor(
    private readonly app: WorkerApp,
    private readonly history: History,
  ) {}

  async run(): Promise<void> {
    const before = this.history.lines().filter((line) => line.saw === 'accepted').length;
    for (let n = before; !this.stopping; n++) {
      const kind = kinds[n % kinds.length] as PublishedKind;
      const published = await this.accepted(kind, n);
      if (published === null) break;
      const executions = published.executions.map(({ id }) => id);
      this.history.add({ saw: 'accepted', eventId: published.eventId, event: kind, executions });
      if (isWaitedFor(kind)) for (const handle of published) void this.wait(handle.id, handle.result());
      await pause(Math.random() * 2 * Number(everyMs));
    }
    for (let waited = 0; this.open.size > 0 && waited < SETTLE_MS; waited += 50) await pause(50);
    for (const execution of this.open)
      this.history.add({ saw: 'settled', execution, value: null, error: 'nothing' });
  }

  /** Publishes the event again until it was accepted for sure. */
  private async accepted(kind: PublishedKind, n: number): Promise<Publication | null> {
    while (!this.stopping)
      try {
        return await this.app.publish(events[kind], { n, key: `k${n % 3}` }, { id: `event-${n}` });
      } catch {
        await pause(100);
      }
    return null;
  }

  private async wait(execution: string, result: Promise<unknown>): Promise<void> {
    this.open.add(execution);
    const end = await result.then(
      (value) => ({ value, error: null }),
      (error: unknown) => ({ value: null, error: error instanceof Error ? error.name : String(error) }),
    );
    this.open.delete(execution);
    this.history.add({ saw: 'settled', execution, ...end });
  }
}

/** Events of actors and batches go to one execution that lives on. */
function isWaitedFor(kind: PublishedKind): boolean {
  return (publishedKinds as readonly string[]).includes(kind);
}

/** Knows no worker class: who takes an event is read from the store. */
async function main(): Promise<void> {
  const history = new History(folder);
  const app = await bootstrap({
    role: 'publisher',
    store: storeOf(folder),
    dispatcher: dispatcherOf(folder),
    logger: consoleLogger({ level: 'error' }),
  });
  const publisher = new Publisher(app, history);
  process.once('SIGTERM', () => (publisher.stopping = true));
  process.once('disconnect', () => process.exit(1));
  process.send?.('up');
  await publisher.run();
  await app.close();
  process.exit(0);
}

void main();
