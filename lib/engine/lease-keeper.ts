import type { ProcessId } from '../model/ids.js';
import type { Clock, Timer } from '../ports/clock.js';
import type { Observer } from '../ports/observer.js';
import type { HeartbeatAnswer, ProcessRecord, Store } from '../ports/store.js';
import { tellFault } from '../ports/tell-fault.js';
import { ANSWER_MS, answerInTime } from './answer-in-time.js';
import type { Run } from './work.js';

/** An unanswered renewal is given up after this part of the lease: the next one is still sent while it holds. */
const PATIENCE = 1 / 6;

/** What a renewal asks besides. */
export interface DeclaredQuestion {
  /** The mark of what is known to be declared; undefined: nothing is. */
  readonly known: string | undefined;
  readonly answered: (declared: HeartbeatAnswer['declared']) => void;
}

interface LeaseKeeperOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly observer: Observer;
  readonly owner: ProcessId;
  /** What the registry says of this process; read at each renewal. */
  readonly describe: () => ProcessRecord;
  readonly leaseMs: () => number;
  /** Called as a renewal is sent. */
  readonly ask: () => DeclaredQuestion;
  /** What runs here as a renewal is sent: handed to `renewed` with its answer. */
  readonly running: () => readonly Run[];
  /** After each renewal: executions with unseen messages, and all that the store says are ours. */
  readonly renewed: (answer: HeartbeatAnswer, before: readonly Run[]) => void;
}

/** Keeps the process's lease, at a third of its length, and tells when it may have run out. */
export class LeaseKeeper {
  /** Grows whenever the lease may have lapsed between two renewals: others may have taken what was ours. */
  generation = 0;
  private sentAt: number | null = null;
  private timer: Timer | null = null;
  private isKept = false;
  private renewing: Promise<void> | null = null;
  private leaving: Promise<void> = Promise.resolve();
  /** The next renewal follows at once. */
  private isHurried = false;
  /** Grows with each halt: a renewal that was sent before it is answered for nobody. */
  private halts = 0;

  constructor(private readonly options: LeaseKeeperOptions) {}

  /** Registers the process; rejects when the store does. */
  async start(): Promise<void> {
    const { clock } = this.options;
    // A leave that arrived after our next registration would end it.
    await answerInTime(clock, ANSWER_MS, 'leave', this.leaving);
    this.isKept = true;
    try {
      await this.renew();
    } catch (error) {
      this.halt();
      throw error;
    }
    this.schedule();
  }

  /** No body starts so late that it would outlive the lease: delays count against us, from before the request was sent. */
  mayStartBody(): boolean {
    if (this.sentAt === null) return false;
    const leaseMs = this.options.leaseMs();
    const marginMs = Math.min(Math.max(1_000, leaseMs / 5), leaseMs / 2);
    return this.options.clock.monotonic() - this.sentAt < leaseMs - marginMs;
  }

  /** Stops renewing and gives the lease back, so that others need not wait for it. */
  stop(): Promise<void> {
    this.halt();
    const left = this.leave();
    this.leaving = left.catch(() => {});
    return left;
  }

  /** Stops renewing, as a dead process does. */
  halt(): void {
    this.isKept = false;
    this.halts++;
    this.isHurried = false;
    this.sentAt = null;
    this.timer?.cancel();
  }

  /** Renews before its turn: the store's answer says what is ours. However often it is asked, one renewal follows. */
  hurry(): void {
    if (!this.isKept) return;
    this.isHurried = true;
    if (this.renewing !== null) return;
    this.timer?.cancel();
    this.renewInTurn();
  }

  /** Renews now, for example after a registration. An answer that comes after `patienceMs` counts all the same. */
  async renew(patienceMs = ANSWER_MS): Promise<void> {
    const { store, clock, describe, ask, running, renewed } = this.options;
    const { halts } = this;
    const leaseMs = this.options.leaseMs();
    const before = running();
    const sentAt = clock.monotonic();
    const question = ask();
    const answered = (answer: HeartbeatAnswer): void => {
      if (!this.isKept || halts !== this.halts) return;
      if (this.sentAt === null || clock.monotonic() - this.sentAt >= leaseMs) this.generation++;
      this.sentAt = Math.max(this.sentAt ?? sentAt, sentAt);
      question.answered(answer.declared);
      renewed(answer, before);
    };
    const call = store.heartbeat(describe(), leaseMs, question.known);
    answered(await answerInTime(clock, patienceMs, 'renew lease', call, answered));
  }

  /** A renewal that arrived after it would register the process again. */
  private async leave(): Promise<void> {
    await this.renewing?.catch(() => {});
    await this.options.store.leave(this.options.owner);
  }

  /** One renewal at most is planned, or under way: one that was hurried while the first was sent plans the next. */
  private schedule(): void {
    if (!this.isKept || this.renewing !== null) return;
    this.timer?.cancel();
    this.timer = this.options.clock.setTimer(this.options.leaseMs() / 3, () => this.renewInTurn());
  }

  private renewInTurn(): void {
    this.isHurried = false;
    this.renewing = this.renew(Math.min(this.options.leaseMs() * PATIENCE, ANSWER_MS))
      .catch((error: unknown) => tellFault(this.options, 'renew lease', error))
      .finally(() => {
        this.renewing = null;
        if (this.isHurried) this.renewInTurn();
        else this.schedule();
      });
  }
}
