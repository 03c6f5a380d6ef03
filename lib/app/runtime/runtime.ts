import { Consumer } from '../../dispatch/consumer.js';
import { DeclaredNews } from '../../dispatch/declared-news.js';
import { Outcomes } from '../../dispatch/outcomes.js';
import { PausedDefinitions } from '../../dispatch/paused-definitions.js';
import type { Publisher } from '../../dispatch/publisher.js';
import { Subscriptions } from '../../dispatch/subscriptions.js';
import { ANSWER_MS, answerInTime } from '../../engine/answer-in-time.js';
import { Definitions } from '../../engine/definitions.js';
import { Executor } from '../../engine/executor.js';
import type { Run } from '../../engine/work.js';
import { DeployGate } from '../../engine/deploy-gate.js';
import { GroupWriter } from '../../engine/group-writer.js';
import { storedGraph } from '../../engine/stored-graphs.js';
import { LeaseKeeper } from '../../engine/lease-keeper.js';
import { Adopter } from '../../maintenance/adopter.js';
import { Scheduler } from '../../maintenance/scheduler.js';
import type { Sweeper } from '../../maintenance/sweeper.js';
import type { WorkerDefinition } from '../../model/definition.js';
import type { ExecutionId, ProcessId } from '../../model/ids.js';
import type { Change, HeartbeatAnswer } from '../../ports/store.js';
import { tellFault } from '../../ports/tell-fault.js';
import { endsBy } from './ends-by.js';
import { Hints } from './hints.js';
import { processRecord } from './process-record.js';
import { publisherOf } from './publisher-of.js';
import type { RuntimeParts } from './runtime-parts.js';
import { servicesOf } from './services-of.js';
import { upkeepOf } from './upkeep.js';

/** What the end may take beyond the drain timeout. */
const GRACE_MS = 1_000;

type Phase = 'new' | 'open' | 'started' | 'closed' | 'killed';

/** One process's engine, wired from its ports: no container, no decorators. Worker definitions may be written by hand. */
export class Runtime {
  readonly owner: ProcessId;
  readonly definitions = new Definitions();
  readonly subscriptions: Subscriptions;
  readonly paused: PausedDefinitions;
  readonly publisher: Publisher;
  readonly outcomes: Outcomes;
  readonly writer: GroupWriter;
  readonly consumer: Consumer;
  private readonly hints: Hints;
  private readonly lease: LeaseKeeper;
  private readonly adopter: Adopter;
  readonly sweeper: Sweeper;
  private readonly scheduler: Scheduler;
  private phase: Phase = 'new';
  private isDeclared = false;
  private opening: Promise<void> | null = null;
  private turn: Promise<void> = Promise.resolve();
  private closing: Promise<void> | null = null;
  private forgetChange: (() => void) | null = null;

  constructor(private readonly parts: RuntimeParts) {
    const { store, clock, random, observer, settings } = parts;
    this.owner = parts.ids.next() as ProcessId;
    this.subscriptions = new Subscriptions(store, clock, () => 2 * settings.sweepMs);
    this.paused = new PausedDefinitions(store);
    const declared = new DeclaredNews(this.subscriptions, this.paused, clock, () => settings.sweepMs);
    this.outcomes = new Outcomes({
      store,
      clock,
      observer,
      pollMs: () => settings.pollMs ?? 1_000,
      runsHere: (id) => this.consumer.runs(id),
    });
    const isSequential = () => this.consumer.isSequential;
    this.writer = new GroupWriter(store, clock, random, observer, isSequential, () => settings.leaseMs);
    const { definitions, writer } = this;
    this.hints = new Hints(parts, this, () => this.consumer);
    const reach = { store, definitions, deployGate: new DeployGate(store), writer, observer, clock };
    this.adopter = new Adopter({ ...reach, isStarted: () => this.isStarted });
    this.lease = new LeaseKeeper({
      ...parts,
      owner: this.owner,
      describe: () => processRecord(this.owner, parts.role, this.definitions),
      leaseMs: () => settings.leaseMs,
      ask: declared.ask,
      running: () => this.consumer.current,
      renewed: (answer, before) => this.renewed(answer, before),
    });
    const executor = new Executor({
      services: servicesOf(parts, {
        writer,
        definitions,
        publisher: () => this.publisher,
        mayStartBody: () => this.lease.mayStartBody(),
      }),
      definitions,
      resolver: parts.resolver,
      deployGate: reach.deployGate,
      stored: (record, outcome, change, due) => {
        this.outcomes.stored(record.id, outcome);
        this.scheduler.ended(record.id);
        this.hints.rested(record, change, due);
      },
      armed: (ahead) => this.hints.armed(ahead),
    });
    this.consumer = new Consumer({
      ...parts,
      executor,
      owner: this.owner,
      runnable: () => this.adopter.runnable(),
      concurrency: () => settings.concurrency,
      isPaused: (definition) => this.paused.has(definition),
      runEnded: (run) => this.outcomes.runEnded(run),
      lease: this.lease,
      answerMs: () => Math.min(settings.leaseMs, ANSWER_MS),
      isolationMs: () => settings.isolationMs ?? settings.leaseMs,
      pace: this.hints.pace,
    });
    const { owner, subscriptions, adopter, consumer, outcomes, hints } = this;
    this.publisher = publisherOf(parts, { owner, writer, consumer, hints, subscriptions, definitions });
    this.scheduler = new Scheduler({
      ...parts,
      definitions,
      writer,
      started: (event) => this.publisher.published([event]),
      messageSent: (id) => this.messageSent(id),
    });
    const kept = { declared, adopter, consumer, outcomes, scheduler: this.scheduler, writer };
    this.sweeper = upkeepOf(parts, kept);
  }

  get isStarted(): boolean {
    return this.phase === 'started';
  }

  get isClosed(): boolean {
    return this.phase === 'closed' || this.phase === 'killed';
  }

  /** Connects; from here on the process publishes and reads. Idempotent; one that failed may be repeated. */
  async open(): Promise<void> {
    this.opening ??= this.connect().finally(() => {
      this.opening = null;
    });
    await this.opening;
  }

  /** Registers the process and begins to run what is due. Idempotent; one that failed may be repeated. */
  start(): Promise<void> {
    return this.inTurn(() => this.begin());
  }

  /** Takes nothing new, lets what runs finish within the drain timeout, hands back the rest; does not wait for a store that is silent. */
  stop(): Promise<void> {
    return this.inTurn(() => this.drainAndLeave());
  }

  /** Stops, and releases the store. Idempotent. */
  async close(): Promise<void> {
    this.closing ??= this.stopAndRelease().finally(() => {
      this.closing = null;
    });
    await this.closing;
  }

  /** Dies as a killed process does: nothing more is written, and its lease is left to expire. */
  kill(): void {
    this.phase = 'killed';
    this.writer.close();
    this.sweeper.halt();
    this.lease.halt();
    this.scheduler.halt();
    this.consumer.kill();
    this.hints.halt();
    this.forgetChange?.();
    void this.hints.stop();
  }

  /** Tells the other processes what this one declares; call it after definitions changed. */
  async declare(): Promise<void> {
    this.subscriptions.declare(this.definitions.all());
    if (this.phase === 'new') return;
    this.isDeclared = false;
    await this.parts.store.declareGraphs(this.definitions.all().map(storedGraph));
    await this.subscriptions.write();
    await this.subscriptions.refresh();
    this.isDeclared = true;
    if (!this.isStarted) return;
    await this.lease.renew();
    await this.adopter.refresh();
    await this.hints.refresh();
    this.consumer.pull('hint');
    await this.scheduler.refresh();
  }

  /** Something may be due, or what runs here may have a message. */
  changed(isHinted = false): void {
    if (this.isClosed) return;
    // Where hints are tickets, what was hinted at has its own.
    if (!isHinted || !this.hints.hinter.paces) this.consumer.pull('hint');
    if (!isHinted && this.isStarted && this.consumer.used > 0) void this.readSignals();
  }

  /** Another process changed that, or this one did and was not told so. */
  heard(change: Change): void {
    if (this.isClosed) return;
    if (change.declared) {
      void this.attempt('read subscriptions', () => this.subscriptions.refresh());
      void this.attempt('read pauses', () => this.paused.refresh());
    }
    this.scheduler.changed(change);
    void this.outcomes.read(change.settled);
    if (change.settledOnly !== true) this.changed(change.hinted);
  }

  /** Messages were stored for those executions: whoever can run them looks. */
  messageSent(...ids: readonly ExecutionId[]): void {
    this.changed();
    this.hints.hinter.messaged(ids);
  }

  /** A schedule was changed. */
  readSchedules(): Promise<void> {
    return this.scheduler.refresh();
  }

  addWorkers(workers: readonly WorkerDefinition[]): void {
    for (const worker of workers) this.definitions.add(worker);
  }

  private async connect(): Promise<void> {
    if (this.phase === 'new') {
      const { store, clock, machineClock = clock, random, settings } = this.parts;
      await store.open({ clock: machineClock, random, warn: (message) => settings.logger.warn(message, {}) });
      if (this.phase !== 'new') return;
      this.phase = 'open';
      this.forgetChange = store.onChange((change) => this.heard(change));
    }
    if (!this.isDeclared && !this.isClosed) await this.declare();
  }

  /** Starts and stops never overlap: each begins when those before it have ended. */
  private inTurn(task: () => Promise<void>): Promise<void> {
    const run = this.turn.then(task);
    this.turn = run.catch(() => {});
    return run;
  }

  private async stopAndRelease(): Promise<void> {
    if (this.isClosed) return;
    const until = this.endUntil();
    await this.stop();
    await this.endsBy(until, 'write what was accepted', this.writer.idle());
    // One that was never started has sent hints, too.
    await this.endsBy(until, 'stop the dispatcher', this.hints.stop());
    this.forgetChange?.();
    const wasOpen = this.phase !== 'new';
    this.phase = 'closed';
    // What was accepted while the dispatcher stopped; from here on nothing is.
    await this.endsBy(until, 'write what was accepted', this.writer.idle());
    this.outcomes.close(this.consumer.current);
    this.writer.abandon();
    await this.endsBy(0, 'close the dispatcher', this.hints.close());
    if (wasOpen) await this.endsBy(0, 'close the store', this.parts.store.close());
  }

  /** From here on the process publishes and reads, as one that was opened. */
  private async drainAndLeave(): Promise<void> {
    if (this.phase !== 'started') return;
    this.phase = 'open';
    const until = this.endUntil();
    this.tell('app.draining');
    this.hints.drain();
    const drained = Promise.all([
      this.consumer.drain(this.parts.settings.drainTimeoutMs),
      this.sweeper.stop(),
      this.scheduler.stop(),
      this.hints.stop(),
    ]);
    const written = drained.then(() => this.writer.idle());
    await this.endsBy(until, 'drain', written);
    const left = this.attempt('leave', () => this.lease.stop());
    await this.endsBy(until, 'leave', left);
    this.tell('app.stopped');
  }

  /** When an end that begins now is to be over (monotonic). */
  private endUntil(): number {
    const { clock, settings } = this.parts;
    return clock.monotonic() + settings.drainTimeoutMs + GRACE_MS;
  }

  /** Waits for a part of the end; what is not over by then goes on without us. */
  private async endsBy(until: number, task: string, work: Promise<unknown>): Promise<void> {
    const late = await endsBy(this.parts.clock, until, work);
    if (late !== null) this.fault(task, late);
  }

  private async begin(): Promise<void> {
    await this.open();
    if (this.phase !== 'open') return;
    await this.lease.start();
    this.phase = 'started';
    // Each sweep does these again: a store that does not answer just now does not keep the process from starting.
    await this.attempt('adopt executions', () =>
      answerInTime(this.parts.clock, ANSWER_MS, 'adopt executions', this.adopter.refresh()),
    );
    await this.attempt('read pauses', () =>
      answerInTime(this.parts.clock, ANSWER_MS, 'read pauses', this.paused.refresh()),
    );
    if (!this.isStarted) return;
    try {
      await this.hints.start();
    } catch (error) {
      this.phase = 'open';
      await this.attempt('leave', () => this.lease.stop());
      throw error;
    }
    if (!this.isStarted) return;
    this.sweeper.start();
    if (this.parts.role !== 'publisher') {
      this.consumer.start();
      this.scheduler.start();
    }
    this.tell('app.started');
  }

  private async attempt(task: string, run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      this.fault(task, error);
    }
  }

  private readSignals(): Promise<void> {
    const { store } = this.parts;
    return this.attempt('read signals', async () => this.consumer.signal(await store.signals(this.owner)));
  }

  private renewed({ signals, owned }: HeartbeatAnswer, before: readonly Run[]): void {
    this.consumer.signal(signals).catch((error: unknown) => this.fault('read signals', error));
    this.consumer.reconcile(before, owned);
    this.hints.renewed();
  }

  private fault(task: string, error: unknown): void {
    tellFault(this.parts, task, error);
  }

  private tell(name: 'app.started' | 'app.draining' | 'app.stopped'): void {
    this.parts.observer.emit({ name, at: this.parts.clock.now() });
  }
}
