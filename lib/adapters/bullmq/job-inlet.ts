import type { Job, RateLimiterOptions, Worker } from 'bullmq';
import { parseDuration } from '../../model/duration.js';
import type { HintReceiver } from '../../ports/dispatcher.js';
import type { BullmqSettings } from './bullmq-options.js';
import { closeInTime } from './close-in-time.js';
import type { FaultGate } from './fault-gate.js';
import { hintOf, lookId } from './job-of.js';
import { loadBullmq } from './load-bullmq.js';
import { workerOf } from './queue-name.js';
import type { QueueShelf } from './queue-shelf.js';

/** BullMQ's workers of this process, one for each queue that it serves: a job is done when the receiver is. */
export class JobInlet {
  private readonly workers = new Map<string, Worker>();
  private readonly closing = new Map<Worker, Promise<void>>();
  /** Jobs that the receiver has, by queue. */
  private readonly running = new Map<string, number>();
  private receive: HintReceiver | null = null;
  private isOpen = false;

  constructor(
    private readonly settings: BullmqSettings,
    private readonly shelf: QueueShelf,
    private readonly faults: FaultGate,
  ) {}

  get names(): readonly string[] {
    return [...this.workers.keys()];
  }

  start(receive: HintReceiver): void {
    this.receive = receive;
    this.isOpen = true;
  }

  /** Serves that queue, too; one that is served already goes on with what holds now. */
  async serve(name: string): Promise<void> {
    const { Worker } = await loadBullmq();
    const { concurrency, limiter } = this.servingOf(name);
    const known = this.workers.get(name);
    if (known !== undefined) known.concurrency = concurrency;
    if (known !== undefined || !this.isOpen) return;
    const { connection, prefix, worker: own } = this.settings;
    const worker = new Worker(name, (job) => this.process(name, job), {
      ...own,
      connection,
      prefix,
      concurrency,
      ...(limiter === undefined ? null : { limiter }),
    });
    worker.on('error', (error) => this.faults.tell(`BullMQ worker of '${name}'`, error));
    this.workers.set(name, worker);
  }

  /** Serves that queue no more; resolves when its jobs are over. */
  async leave(name: string): Promise<void> {
    const worker = this.workers.get(name);
    if (worker === undefined) return;
    this.workers.delete(name);
    const closed = closeInTime(
      this.settings.clock,
      worker,
      () => worker.close(),
      () => (this.running.get(name) ?? 0) > 0,
    ).finally(() => this.closing.delete(worker));
    this.closing.set(worker, closed);
    await closed;
  }

  /** Takes no more jobs; resolves when those that were taken are over. */
  async stop(): Promise<void> {
    this.isOpen = false;
    await Promise.all(this.names.map((name) => this.leave(name)));
    await Promise.all(this.closing.values());
    this.receive = null;
  }

  /** Lets go of connections that did not close by themselves. */
  async close(): Promise<void> {
    const { clock } = this.settings;
    this.isOpen = false;
    for (const name of this.names)
      void this.leave(name).catch((error: unknown) => this.faults.tell('stop BullMQ', error));
    const left = [...this.closing];
    await Promise.all(left.map(([worker, closed]) => closeInTime(clock, worker, () => closed)));
  }

  private async process(queue: string, job: Job): Promise<void> {
    const hint = hintOf(job.data);
    if (hint === null) return;
    // From here on the next look is worth a job of its own: this one may run for long.
    if (hint.executionId === '')
      await this.shelf.use(queue, (shelved) => shelved.queue.removeDeduplicationKey(lookId(hint.wakeSeq)));
    if (this.receive === null) throw new Error('the app does not take work just now');
    const { receive } = this;
    this.running.set(queue, (this.running.get(queue) ?? 0) + 1);
    try {
      await receive(hint);
    } finally {
      const left = (this.running.get(queue) ?? 1) - 1;
      if (left > 0) this.running.set(queue, left);
      else this.running.delete(queue);
    }
  }

  private servingOf(queue: string): { readonly concurrency: number; readonly limiter?: RateLimiterOptions } {
    const { serving, workers } = this.settings;
    const { concurrency, limiter } = { ...serving, ...workers.get(workerOf(queue)) };
    return {
      concurrency: concurrency ?? this.faults.context?.concurrency() ?? 10,
      ...(limiter === undefined
        ? null
        : { limiter: { max: limiter.max, duration: parseDuration(limiter.duration) ?? 1 } }),
    };
  }
}
