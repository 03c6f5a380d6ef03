import { partsOfDefinition } from '../model/definition.js';
import { type ExecutionRecord, wakeAt } from '../model/execution.js';
import type { Hint } from '../model/hint.js';
import type { ExecutionId } from '../model/ids.js';
import type { Clock, Timer } from '../ports/clock.js';
import type { Dispatcher } from '../ports/dispatcher.js';
import type { Observer } from '../ports/observer.js';
import type { NewExecution, RecordChange } from '../ports/store-write.js';
import { tellFault } from '../ports/tell-fault.js';

/** Between two looks, hints that name no execution: what happens meanwhile is told by the second. */
const LOOK_GAP_MS = 100;
/** A hint that came before its execution was due is sent again after that, at the earliest, and by another id than before. */
const EARLY_GAP_MS = 50;
/** Looks of one worker that are told apart: so many may be on their way at once. */
const LOOKS = 16;

export interface HinterOptions {
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  readonly observer: Observer;
  /** Ids of the definitions that this process runs. */
  readonly runs: () => readonly string[];
}

/** Tells other processes of due work, and, where the dispatcher paces, this one too. */
export class Hinter {
  /** Workers by a definition of each, of which a look is to be sent. */
  private readonly looks = new Map<string, string>();
  private gap: Timer | null = null;
  private lastLook = 0;

  constructor(private readonly options: HinterOptions) {}

  /** This process takes work only when a hint was delivered to it. */
  get paces(): boolean {
    return this.options.dispatcher.paces === true;
  }

  /** Executions were created that nobody has begun. */
  created(
    executions: readonly NewExecution[],
    session: string | null,
    options?: Readonly<Record<string, unknown>>,
  ): void {
    if (executions.length === 0 || this.options.dispatcher.local) return;
    const hints = executions.map(({ id, definition, priority, dueAt }) => ({
      executionId: id,
      wakeSeq: 1,
      route: { definition: definition.id, session, priority, dueAt },
    }));
    this.send(hints, options);
  }

  /** A pass was stored that rests until an instant. Only a dispatcher that paces holds hints until then. */
  rested(record: ExecutionRecord, { status, timers }: RecordChange): void {
    if (!this.paces || status !== 'waiting') return;
    const dueAt = wakeAt(timers);
    if (dueAt !== null) this.wake(record, dueAt);
  }

  /** An execution is due, or will be. `dueAt`: epoch ms; null: now. */
  wake(record: ExecutionRecord, dueAt: number | null): void {
    const { id, definition, session, priority, fence } = record;
    const route = { definition: definition.id, session, priority, dueAt };
    this.send([{ executionId: id, wakeSeq: fence + 1, route }]);
  }

  /** It was not due yet when its hint came: by the store's clock, which may be behind this machine's. */
  again(record: ExecutionRecord, dueAt: number): void {
    const { id, definition, session, priority } = record;
    const at = Math.ceil(Math.max(dueAt, this.options.clock.now() + EARLY_GAP_MS));
    const route = { definition: definition.id, session, priority, dueAt: at };
    this.send([{ executionId: id, wakeSeq: at, route }]);
  }

  /** Messages were stored for those executions. Where the dispatcher paces, a look finds those that it woke. */
  messaged(ids: readonly ExecutionId[]): void {
    if (this.options.dispatcher.local || this.paces) return;
    const wakeSeq = this.options.clock.now();
    this.send(ids.map((executionId) => ({ executionId, wakeSeq })));
  }

  /** Something may be due that no hint tells of: one pass each of the workers of these definitions, or of all that run here. */
  look(definitions: readonly string[] = this.options.runs()): void {
    for (const definition of definitions) this.looks.set(partsOfDefinition(definition).worker, definition);
    if (this.gap !== null || this.looks.size === 0) return;
    this.sendLooks();
    this.gap = this.options.clock.setTimer(LOOK_GAP_MS, () => {
      this.gap = null;
      this.look([]);
    });
  }

  /** A look has found that there is more than it may take: two others go on. */
  lookOn(definition: string): void {
    this.send([this.lookAt(definition), this.lookAt(definition)]);
  }

  /** Forgets what it was going to tell. */
  halt(): void {
    this.gap?.cancel();
    this.gap = null;
    this.looks.clear();
  }

  private sendLooks(): void {
    const hints = Array.from(this.looks.values(), (definition) => this.lookAt(definition, 0));
    this.looks.clear();
    this.send(hints);
  }

  private lookAt(definition: string, wakeSeq = ++this.lastLook % LOOKS): Hint {
    const route = { definition, session: null, priority: 0, dueAt: null };
    return { executionId: '' as ExecutionId, wakeSeq, route };
  }

  private send(hints: readonly Hint[], options?: Readonly<Record<string, unknown>>): void {
    void this.deliver(hints, options);
  }

  private async deliver(hints: readonly Hint[], options?: Readonly<Record<string, unknown>>): Promise<void> {
    try {
      await this.options.dispatcher.send(hints, options);
    } catch (error) {
      tellFault(this.options, 'send hints', error);
    }
  }
}
