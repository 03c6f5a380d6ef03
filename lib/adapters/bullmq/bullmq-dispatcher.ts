import type { JobsOptions, Queue } from 'bullmq';
import { ConfigurationError } from '../../model/errors-boot.js';
import type { Hint } from '../../model/hint.js';
import { writeOneOf } from '../../model/near-names.js';
import { outsideExecutions } from '../../ports/current-execution.js';
import type { DispatchContext, Dispatcher, HintQueue, HintReceiver } from '../../ports/dispatcher.js';
import type { BullmqSettings } from './bullmq-options.js';
import { FaultGate } from './fault-gate.js';
import { JobInlet } from './job-inlet.js';
import { jobOf, lookId } from './job-of.js';
import { LaneRegister } from './lane-register.js';
import { LookWatch } from './look-watch.js';
import { ownOptions } from './own-options.js';
import { queueOf, UNROUTED, workerQueue } from './queue-name.js';
import { QueueShelf } from './queue-shelf.js';
import { refuseForWorkers } from './worker-connection.js';

/** Carries hints as jobs of BullMQ, and takes work as BullMQ hands them out: its limits, its order, its dashboards. */
export class BullmqDispatcher implements Dispatcher {
  readonly local = false;
  readonly paces = true;
  private readonly faults: FaultGate;
  private readonly shelf: QueueShelf;
  private readonly inlet: JobInlet;
  private readonly lanes: LaneRegister;
  private readonly looks = new LookWatch();
  /** Starts, stops and refreshes never overlap. */
  private turn: Promise<void> = Promise.resolve();
  private isOn = false;

  /** @internal */
  constructor(private readonly settings: BullmqSettings) {
    this.faults = new FaultGate(settings.clock);
    this.shelf = new QueueShelf(settings, this.faults);
    this.inlet = new JobInlet(settings, this.shelf, this.faults);
    this.lanes = new LaneRegister(settings, this.shelf, this.faults);
  }

  get isStarted(): boolean {
    return this.isOn;
  }

  /**
   * The queues that there are for the workers that the app's store knows of, those with schedules only among them, and
   * those of sessions that it has to do with: for Bull Board, once the app was started. They are closed with the app. Rejects with `StoreUnavailableError`.
   */
  async getQueues(): Promise<readonly Queue[]> {
    const { context } = this.faults;
    for (const definition of (await context?.stored?.()) ?? context?.known() ?? [])
      await this.shelf.use(workerQueue(definition), async () => undefined);
    return this.shelf.all.filter(({ name }) => !name.startsWith('#'));
  }

  /** Counts of the queues of workers and sessions, by name. */
  async queues(): Promise<Readonly<Record<string, HintQueue>>> {
    const entries = (await this.getQueues()).map(async (queue) => {
      const counts = await queue.getJobCounts('waiting', 'prioritized', 'active', 'delayed');
      const { waiting = 0, prioritized = 0, active = 0, delayed = 0 } = counts;
      return [queue.name, { waiting: waiting + prioritized, running: active, delayed }] as const;
    });
    return Object.fromEntries(await Promise.all(entries));
  }

  /**
   * Rejects with `DriverMissingError`, and with `ConfigurationError` when the connection does not do for workers, or another app has
   * started it.
   */
  start(receive: HintReceiver, context?: DispatchContext): Promise<void> {
    return this.inTurn(async () => {
      if (this.isOn) throw startedAlready();
      this.faults.context = context ?? null;
      this.shelf.open();
      this.inlet.start(receive);
      await this.serveAll();
      this.isOn = true;
      this.tellUnknownWorkers();
    });
  }

  refresh(): Promise<void> {
    return this.inTurn(async () => {
      if (!this.isOn) return;
      const served = new Set(this.served());
      for (const name of this.inlet.names)
        if (!name.includes('@') && !served.has(name)) void this.leave(name);
      await this.serveAll();
    });
  }

  /** Rejects with `HintsUndeliveredError`. */
  async send(hints: readonly Hint[], options?: Readonly<Record<string, unknown>>): Promise<void> {
    await outsideExecutions(async () => {
      const own = ownOptions(options, (error) => this.faults.tell('read options of a job', error));
      const sent = await Promise.allSettled(hints.map((hint) => this.sendOne(hint, own)));
      for (const each of sent) if (each.status === 'rejected') throw each.reason;
    });
  }

  stop(): Promise<void> {
    return this.inTurn(async () => {
      this.isOn = false;
      // A server that is away may keep the one for ever; the other begins at once.
      await Promise.all([this.lanes.stop(), this.inlet.stop()]);
    });
  }

  async close(): Promise<void> {
    // What does not stop is not waited for.
    void this.stop().catch((error: unknown) => this.faults.tell('stop BullMQ', error));
    this.lanes.close();
    await this.inlet.close();
    await this.shelf.close();
  }

  private async sendOne(hint: Hint, own: JobsOptions): Promise<void> {
    const named = queueOf(hint.route, this.settings.perSession);
    const name = named.includes('@') ? await this.lanes.admit(named) : named;
    const job = jobOf(hint, this.settings, own);
    await this.shelf.send(name, async ({ queue, outbox }) => {
      const [id = null] = await outbox.add([job]);
      if (hint.executionId !== '') return;
      if (await this.looks.isLeft(queue, lookId(hint.wakeSeq), id)) await outbox.add([job]);
    });
  }

  /** Options for a worker that no process has are a slip, or its process comes later: a fault, no refusal. */
  private tellUnknownWorkers(): void {
    const known = this.faults.context?.known() ?? [];
    if (known.length === 0) return;
    const ids = new Set(known.map((definition) => definition.slice(0, definition.lastIndexOf('.'))));
    const mistakes = [...this.settings.workers.keys()]
      .filter((id) => !ids.has(id))
      .map((id) => ({
        option: `bullmqDispatcher(): workers.${id}`,
        found: 'no worker with that id is known to this app and its store',
        write: writeOneOf(id, ids),
      }));
    if (mistakes.length > 0) this.faults.tell('read options of workers', new ConfigurationError(mistakes));
  }

  private served(): readonly string[] {
    const { context } = this.faults;
    return context === null ? [UNROUTED] : [...new Set(context.runs().map(workerQueue))];
  }

  private async serveAll(): Promise<void> {
    const names = this.served();
    if (names.length === 0) return;
    refuseForWorkers(this.settings.connection);
    for (const name of names) await this.inlet.serve(name);
    if (this.settings.perSession) await this.lanes.start(this.laneServer());
  }

  private async leave(name: string): Promise<void> {
    await this.inlet.leave(name).catch((error: unknown) => this.faults.tell('stop BullMQ', error));
  }

  private laneServer() {
    const { inlet } = this;
    return {
      serves: (queue: string) => this.served().includes(queue),
      serve: (lane: string) => inlet.serve(lane),
      leave: (lane: string) => inlet.leave(lane),
      get names() {
        return inlet.names;
      },
    };
  }

  private inTurn(task: () => Promise<void>): Promise<void> {
    const run = this.turn.then(task);
    this.turn = run.catch(() => undefined);
    return run;
  }
}

function startedAlready(): ConfigurationError {
  const found = 'another app has started it already';
  return new ConfigurationError([
    { option: 'bullmqDispatcher()', found, write: 'Make one for each app: bullmqDispatcher({ … })' },
  ]);
}
