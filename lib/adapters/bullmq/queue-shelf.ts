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

interface Shelved {
  readonly queue: Queue;
  readonly outbox: JobOutbox;
}

/** The queues that this process sends to or looks at, each made once. */
export class QueueShelf {
  private readonly queues = new Map<string, Shelved>();
  /** Names of the queues of sessions among them, the one that was sent to last at the end. */
  private readonly lanes = new Set<string>();
  private readonly closing = new Set<Promise<void>>();

  constructor(
    private readonly settings: BullmqSettings,
    private readonly faults: FaultGate,
  ) {}

  get all(): readonly Queue[] {
    return Array.from(this.queues.values(), ({ queue }) => queue);
  }

  async queue(name: string): Promise<Queue> {
    return this.shelved(await loadBullmq(), name).queue;
  }

  async outbox(name: string): Promise<JobOutbox> {
    const { outbox } = this.queues.get(name) ?? this.shelved(await loadBullmq(), name);
    if (this.lanes.delete(name)) this.lanes.add(name);
    return outbox;
  }

  /** Removes the queue with all that it has stored. */
  async remove(name: string): Promise<void> {
    const queue = await this.queue(name);
    try {
      await queue.obliterate();
    } catch (error) {
      // It is in use: BullMQ has paused it for its removal, and leaves it so.
      await queue.resume();
      throw error;
    }
    this.drop(name);
  }

  /** Sends what waits, then closes the connections; those of the user stay open. */
  async close(): Promise<void> {
    for (const name of this.queues.keys()) this.drop(name);
    await Promise.all(this.closing);
  }

  /** Sends what waits, then closes the connection; whoever needs the queue again makes another. */
  private drop(name: string): void {
    const shelved = this.queues.get(name);
    if (shelved === undefined) return;
    const { queue, outbox } = shelved;
    this.queues.delete(name);
    this.lanes.delete(name);
    const closed = closeInTime(this.settings.clock, queue, () =>
      outbox.idle().then(() => queue.close()),
    ).finally(() => this.closing.delete(closed));
    this.closing.add(closed);
  }

  /** Of sessions, those that were sent to last stay open: whoever only sends is not told that a session is over. */
  private shelveLane(name: string): void {
    this.lanes.add(name);
    const [oldest] = this.lanes;
    if (this.lanes.size > 2 * this.settings.lanes && oldest !== undefined) this.drop(oldest);
  }

  private shelved({ Queue }: Bullmq, name: string): Shelved {
    const known = this.queues.get(name);
    if (known !== undefined) return known;
    const { connection, prefix, buffer } = this.settings;
    const queue = new Queue(name, { connection, prefix });
    queue.on('error', (error) => this.faults.tell(`BullMQ queue '${name}'`, error));
    const made = { queue, outbox: outboxOf(queue, buffer) };
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
