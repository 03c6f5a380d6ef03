import type { Consumer } from '../../dispatch/consumer.js';
import type { Pace } from '../../dispatch/consumer-options.js';
import { Hinter } from '../../dispatch/hinter.js';
import { PacedIntake } from '../../dispatch/paced-intake.js';
import type { Subscriptions } from '../../dispatch/subscriptions.js';
import type { Definitions } from '../../engine/definitions.js';
import type { ExecutionRecord } from '../../model/execution.js';
import type { Hint } from '../../model/hint.js';
import type { NewEvent, RecordChange } from '../../ports/store-write.js';
import { tellFault } from '../../ports/tell-fault.js';
import type { RuntimeParts } from './runtime-parts.js';

/** What this process knows of definitions: its own, and those of others. */
interface Known {
  readonly definitions: Definitions;
  readonly subscriptions: Subscriptions;
}

/** How one process tells of due work, and hears of it: by a dispatcher that only wakes, or by one that paces. */
export class Hints {
  readonly hinter: Hinter;
  /** What takes work where the dispatcher paces; null: the consumer takes what is due. */
  private readonly intake: PacedIntake | null;
  /** Whether this app has started the dispatcher. */
  private isOurs = false;

  constructor(
    private readonly parts: RuntimeParts,
    private readonly known: Known,
    private readonly consumer: () => Consumer,
  ) {
    const runs = (): readonly string[] => this.runs();
    this.hinter = new Hinter({ ...parts, runs });
    this.intake = this.hinter.paces
      ? new PacedIntake({ ...parts, hinter: this.hinter, consumer, runs })
      : null;
  }

  /** For the consumer. */
  get pace(): Pace | null {
    const { intake, hinter } = this;
    return intake === null ? null : { look: (of) => hinter.look(of), serve: () => intake.serve() };
  }

  async start(): Promise<void> {
    const { dispatcher, settings, store } = this.parts;
    this.intake?.start();
    this.isOurs = true;
    try {
      await dispatcher.start((hint) => this.hinted(hint), {
        runs: () => this.runs(),
        known: () => this.known.subscriptions.definitions(),
        stored: async () => {
          const refs = await store.definitions();
          return [...new Set([...this.known.subscriptions.definitions(), ...refs.map(({ id }) => id)])];
        },
        concurrency: () => settings.concurrency,
        fault: (task, error) => tellFault(this.parts, task, error),
      });
    } catch (error) {
      // One that another app has started refuses us, and is not ours to stop.
      this.isOurs = dispatcher.isStarted !== true;
      throw error;
    }
  }

  /** Takes nothing new. */
  drain(): void {
    this.intake?.stop();
  }

  /** Tells nothing more. */
  halt(): void {
    this.drain();
    this.hinter.halt();
  }

  /** Hears of nothing more; resolves when what came has been dealt with. */
  async stop(): Promise<void> {
    this.drain();
    if (this.isOfOthers) return;
    await this.attempt('stop the dispatcher', async () => {
      await this.parts.dispatcher.stop();
      this.isOurs = false;
    });
  }

  /** Gives back what the dispatcher holds. */
  async close(): Promise<void> {
    this.halt();
    if (this.isOfOthers) return;
    await this.attempt('close the dispatcher', () => this.parts.dispatcher.close?.());
  }

  /** It is shared with an app that runs. */
  private get isOfOthers(): boolean {
    return !this.isOurs && this.parts.dispatcher.isStarted === true;
  }

  /** Workers came or went. */
  async refresh(): Promise<void> {
    await this.attempt('refresh the dispatcher', () => this.parts.dispatcher.refresh?.());
  }

  /** The lease was renewed. */
  renewed(): void {
    this.intake?.serve();
  }

  /** A pass was stored. `due`: its execution is due again at once. */
  rested(record: ExecutionRecord, change: RecordChange, due: boolean): void {
    if (!due) {
      if (change.status === 'waiting') this.consumer().wake(Math.min(...Object.values(change.timers)));
      this.hinter.rested(record, change);
    } else if (this.intake === null) this.consumer().pull('hint');
    else if (!this.intake.again(record.id)) this.hinter.wake(record, null);
  }

  /** The end of a turn has left its instance an event ahead. */
  armed({ executions, session }: NewEvent): void {
    for (const { dueAt } of executions) this.consumer().created(dueAt);
    this.hinter.created(executions, session);
  }

  /** Ids of the definitions that this process runs. */
  private runs(): readonly string[] {
    const { definitions } = this.known;
    return this.parts.role === 'publisher' ? [] : definitions.runnable().map(({ id }) => id);
  }

  private hinted(hint: Hint): Promise<void> | undefined {
    if (this.intake !== null) return this.intake.take(hint);
    if (hint.executionId !== '') this.consumer().pull('hint');
    return undefined;
  }

  private async attempt(task: string, run: () => Promise<void> | undefined): Promise<void> {
    try {
      await run();
    } catch (error) {
      tellFault(this.parts, task, error);
    }
  }
}
