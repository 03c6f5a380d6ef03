import type { Queue } from 'bullmq';
import { HintsUndeliveredError } from '../../model/errors-http.js';
import { Outbox } from '../../ports/outbox.js';
import type { BullmqSettings } from './bullmq-options.js';
import { closeInTime } from './close-in-time.js';
import type { FaultGate } from './fault-gate.js';
import type { NewJob } from './job-of.js';
import { type Bullmq, loadBullmq } from './load-bullmq.js';

/** Jobs of one `addBulk`. */
const BATCH = 1_000;

/** What goes to one queue. Answers each job with its id, or with that of the job that stands for it; nothing: BullMQ does not say. */
type JobOutbox = Outbox<NewJob, string>;

/** A queue with what waits to be sent to it. */
export interface Shelved {
  readonly queue: Queue;
  readonly outbox: JobOutbox;
}

/** What is known of it here. */
interface Entry extends Shelved {
  /** Tasks that have it in hand. */
  users: number;
  /** Told when the last of them is over. */
  left: () => void;
}

/** The queues that this process sends to or looks at, each made once. */
export class QueueShelf {
  private readonly queues = new Map<string, Entry>();
  /** Names of the queues of sessions among them, the one that was sent to last at the end. */
  private readonly lanes = new Set<string>();
  private readonly closing = new Set<Promise<void>>();
  private loading: Promise<Bullmq> | null = null;
  /** Whether queues stay; if not, each is closed after its last use. */
  private isOpen = true;

  constructor(
    private readonly settings: BullmqSettings,
    private readonly faults: FaultGate,
  ) {}

  get all(): readonly Queue[] {
    return Array.from(this.queues.values(), ({ queue }) => queue);
  }

  /** From here on queues stay. So they do from the beginning; it is for one that was closed. */
  open(): void {
    this.isOpen = true;
  }

  /** What `task` answers, which has that queue until it ends: it is not closed meanwhile, unless its server is silent. */
  async use<Answer>(name: string, task: (shelved: Shelved) => Promise<Answer>): Promise<Answer> {
    const entry = this.queues.get(name) ?? this.entry(await this.load(), name);
    entry.users++;
    try {
      return await task(entry);
    } finally {
      if (--entry.users === 0) this.unused(name, entry);
    }
  }

  /** As `use`, for one who sends: of sessions, those that were sent to last stay open. */
  send<Answer>(name: string, task: (shelved: Shelved) => Promise<Answer>): Promise<Answer> {
    if (this.lanes.delete(name)) this.lanes.add(name);
    return this.use(name, task);
  }

  /** Removes the queue with all that it has stored. */
  async remove(name: string): Promise<void> {
    await this.use(name, async ({ queue }) => {
      try {
        await queue.obliterate();
      } catch (error) {
        // It is in use: BullMQ has paused it for its removal, and leaves it so.
        await queue.resume();
        throw error;
      }
    });
    this.drop(name);
  }

  /** Sends what waits, then closes the connections; those of the user stay open. What is used later is closed after its use. */
  async close(): Promise<void> {
    this.isOpen = false;
    // Who waits for the package has its queue by then.
    await this.loading?.catch(() => undefined);
    for (const name of this.queues.keys()) this.drop(name);
    await Promise.all(this.closing);
  }

  private unused(name: string, entry: Entry): void {
    entry.left();
    if (!this.isOpen && this.queues.get(name) === entry) this.drop(name);
  }

  /** Closes the connection after its last use; whoever needs the queue again makes another. */
  private drop(name: string): void {
    const entry = this.queues.get(name);
    if (entry === undefined) return;
    this.queues.delete(name);
    this.lanes.delete(name);
    const { queue, outbox } = entry;
    const end = async (): Promise<void> => {
      if (entry.users > 0)
        await new Promise<void>((resolve) => {
          entry.left = resolve;
        });
      await outbox.idle();
      await queue.close();
    };
    const closed = closeInTime(this.settings.clock, queue, end).finally(() => this.closing.delete(closed));
    this.closing.add(closed);
  }

  /** Of sessions, those that were sent to last stay open: whoever only sends is not told that a session is over. */
  private shelveLane(name: string): void {
    this.lanes.add(name);
    const [oldest] = this.lanes;
    if (this.lanes.size > 2 * this.settings.lanes && oldest !== undefined) this.drop(oldest);
  }

  /** The same promise for all who wait, so that none is behind `close`. */
  private load(): Promise<Bullmq> {
    this.loading ??= loadBullmq().catch((error: unknown) => {
      this.loading = null;
      throw error;
    });
    return this.loading;
  }

  private entry({ Queue }: Bullmq, name: string): Entry {
    const known = this.queues.get(name);
    if (known !== undefined) return known;
    const { connection, prefix, buffer } = this.settings;
    const queue = new Queue(name, { connection, prefix });
    queue.on('error', (error) => this.faults.tell(`BullMQ queue '${name}'`, error));
    const made = { queue, outbox: outboxOf(queue, buffer), users: 0, left: () => undefined };
    this.queues.set(name, made);
    if (name.includes('@')) this.shelveLane(name);
    return made;
  }
}

function outboxOf(queue: Queue, limit: number): JobOutbox {
  return new Outbox({
    limit,
    batch: BATCH,
    send: async (jobs) => (await queue.addBulk([...jobs])).map(({ id }) => id),
    undelivered: (why, cause) => new HintsUndeliveredError(`BullMQ's queue '${queue.name}'`, why, cause),
  });
}
