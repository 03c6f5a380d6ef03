import type { Queue, QueueEvents } from 'bullmq';
import { HintsUndeliveredError } from '../../model/errors-http.js';
import type { Timer } from '../../ports/clock.js';
import type { BullmqSettings } from './bullmq-options.js';
import { closeInTime, within } from './close-in-time.js';
import type { FaultGate } from './fault-gate.js';
import { loadBullmq } from './load-bullmq.js';
import { workerOfQueue } from './queue-name.js';
import type { QueueShelf } from './queue-shelf.js';

/** The queue whose jobs, which nobody takes, are the names of the queues that sessions have. */
const LANES = '#lanes';
/** A process that sends to a lane lists it again after this time, at most: somebody may be removing it as idle. */
const LISTED_MS = 5_000;
/** The register is read now and then, and soon after a start: what was listed before the events were heard is in it. */
const READ_MS = 5_000;
const FIRST_READ_MS = 500;

/** Whoever serves lanes. */
export interface LaneServer {
  /** Whether this process serves the queues of that worker. */
  serves(workerQueue: string): boolean;
  serve(lane: string): Promise<void>;
  leave(lane: string): Promise<void>;
  readonly names: readonly string[];
}

/**
 * Which sessions have a queue of their own, their lane. Whoever sends to one lists it in the register; whoever serves its worker hears of
 * it there, and removes what has been empty for a while: first from the list, then, when nobody has listed it again for longer than a
 * sender counts on that, the queue. A hint that is on its way for longer still is lost, which the sweep repairs.
 */
export class LaneRegister {
  /** Until when (monotonic) a lane that this process has listed need not be listed again. */
  private readonly listedUntil = new Map<string, number>();
  /** Lanes that are being listed, and the last of them. */
  private readonly listing = new Map<string, Promise<string>>();
  private lastListing: Promise<unknown> = Promise.resolve();
  /** Callers that wait for a lane to be listed. */
  private waiting = 0;
  /** Tell those callers that it is not listed any more. */
  private readonly givingUp = new Set<(error: Error) => void>();
  /** Grows with each close: what was to be listed before it is not listed any more. */
  private generation = 0;
  /** Lanes that are served and were empty when looked at, and since when (monotonic). */
  private readonly emptySince = new Map<string, number>();
  /** Lanes that are served, and when (monotonic) this process has taken them off the list. */
  private readonly unlistedAt = new Map<string, number>();
  private events: QueueEvents | null = null;
  private timer: Timer | null = null;
  private tending: Promise<void> = Promise.resolve();
  /** Null: nobody serves lanes here. */
  private server: LaneServer | null = null;

  constructor(
    private readonly settings: BullmqSettings,
    private readonly shelf: QueueShelf,
    private readonly faults: FaultGate,
  ) {}

  /** That lane; or, when there are too many, the queue of its worker. Rejects with `HintsUndeliveredError`. */
  async admit(lane: string): Promise<string> {
    const { clock, buffer } = this.settings;
    if ((this.listedUntil.get(lane) ?? Number.NEGATIVE_INFINITY) > clock.monotonic()) return lane;
    if (this.waiting >= buffer)
      throw new HintsUndeliveredError(`BullMQ's queue '${LANES}'`, `${buffer} wait already`);
    this.waiting++;
    try {
      return await (this.listing.get(lane) ?? this.listInTurn(lane));
    } finally {
      this.waiting--;
    }
  }

  /** Serves the lanes that there are, and those that come. */
  async start(server: LaneServer): Promise<void> {
    this.server = server;
    if (this.events !== null) return;
    const { QueueEvents } = await loadBullmq();
    const { connection, prefix } = this.settings;
    const events = new QueueEvents(LANES, { connection, prefix });
    events.on('error', (error) => this.faults.tell(`BullMQ events of '${LANES}'`, error));
    events.on('added', ({ jobId }) => void this.heard(jobId));
    this.events = events;
    this.tend(FIRST_READ_MS);
  }

  async stop(): Promise<void> {
    this.server = null;
    this.timer?.cancel();
    const { events } = this;
    this.events = null;
    const { clock } = this.settings;
    if (events !== null) await closeInTime(clock, events, () => events.close());
    // It may wait for a server that is away, and ends with the queue that it asks.
    await within(clock, this.tending);
    this.emptySince.clear();
    this.unlistedAt.clear();
  }

  /** Gives up what is still to be listed: it would open connections again, and may wait for ever for a server that is away. */
  close(): void {
    this.generation++;
    this.lastListing = Promise.resolve();
    this.listing.clear();
    for (const giveUp of this.givingUp) giveUp(closed());
    this.givingUp.clear();
  }

  /** How long this process counts on a lane to be on the list. */
  private get listedMs(): number {
    return Math.min(LISTED_MS, this.settings.laneIdleMs / 2);
  }

  private listInTurn(lane: string): Promise<string> {
    // One after the other: each counts those before it.
    const { generation } = this;
    const listed = this.lastListing.then(() => this.list(lane, generation));
    this.lastListing = listed.catch(() => undefined);
    const answer = this.unlessClosed(listed).finally(() => {
      if (this.listing.get(lane) === answer) this.listing.delete(lane);
    });
    this.listing.set(lane, answer);
    return answer;
  }

  private unlessClosed<Answer>(task: Promise<Answer>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.givingUp.add(reject);
      task.then(resolve, reject).finally(() => this.givingUp.delete(reject));
    });
  }

  private async list(lane: string, generation: number): Promise<string> {
    if (generation !== this.generation) throw closed();
    const { lanes, clock } = this.settings;
    return this.shelf.use(LANES, async ({ queue: register }) => {
      const isFull = !this.listedUntil.has(lane) && (await register.getWaitingCount()) >= lanes;
      if (isFull && (await register.getJob(lane)) === undefined) return workerOfQueue(lane);
      const until = clock.monotonic() + this.listedMs;
      await register.add('lane', {}, { jobId: lane });
      if (this.listedUntil.size >= 2 * lanes) this.listedUntil.clear();
      this.listedUntil.set(lane, until);
      return lane;
    });
  }

  private tend(nextMs = Math.min(this.settings.laneIdleMs / 2, READ_MS)): void {
    const { events } = this;
    this.tending = this.refresh()
      .catch((error: unknown) => this.faults.tell('tend lanes', error))
      .then(() => {
        if (this.server === null || this.events !== events) return;
        this.timer = this.settings.clock.setTimer(nextMs, () => this.tend());
      });
  }

  private async refresh(): Promise<void> {
    await this.shelf.use(LANES, async ({ queue: register }) => {
      const known = await register.getJobs(['waiting'], 0, 2 * this.settings.lanes);
      for (const job of known) if (typeof job?.id === 'string') await this.heard(job.id);
      for (const lane of this.server?.names ?? []) {
        if (this.server === null) return;
        if (lane.includes('@')) await this.tendLane(lane, register);
      }
    });
  }

  /** It is on the list: somebody sends to it. */
  private async heard(lane: string): Promise<void> {
    if (this.unlistedAt.delete(lane)) this.emptySince.delete(lane);
    try {
      if (this.server?.serves(workerOfQueue(lane)) === true) await this.server.serve(lane);
    } catch (error) {
      this.faults.tell('serve a lane', error);
    }
  }

  private async tendLane(lane: string, register: Queue): Promise<void> {
    const { clock, laneIdleMs } = this.settings;
    if ((await this.shelf.use(lane, ({ queue }) => jobsOf(queue))) > 0) {
      this.emptySince.delete(lane);
      if (this.unlistedAt.delete(lane)) await register.add('lane', {}, { jobId: lane });
      return;
    }
    const now = clock.monotonic();
    const since = this.emptySince.get(lane) ?? now;
    this.emptySince.set(lane, since);
    if (now - since < laneIdleMs || this.server === null) return;
    const unlistedAt = this.unlistedAt.get(lane);
    if (unlistedAt === undefined) {
      this.unlistedAt.set(lane, now);
      this.listedUntil.delete(lane);
      await register.remove(lane);
    } else if (now - unlistedAt > 2 * this.listedMs) await this.remove(lane);
  }

  /** Nobody lists it, and it is empty. Rejects when somebody has just taken a job of it, and goes on with it. */
  private async remove(lane: string): Promise<void> {
    await this.shelf.remove(lane);
    const { server } = this;
    const left = server?.leave(lane);
    left?.catch((error: unknown) => this.faults.tell('leave a lane', error));
    this.emptySince.delete(lane);
    // Somebody has listed it meanwhile.
    if (!this.unlistedAt.delete(lane)) await server?.serve(lane);
  }
}

function closed(): HintsUndeliveredError {
  return new HintsUndeliveredError(`BullMQ's queue '${LANES}'`, 'the dispatcher was closed');
}

function jobsOf(queue: Queue): Promise<number> {
  return queue.getJobCountByTypes('waiting', 'active', 'delayed', 'prioritized');
}
