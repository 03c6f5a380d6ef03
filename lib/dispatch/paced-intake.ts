import { partsOfDefinition } from '../model/definition.js';
import type { ExecutionRecord } from '../model/execution.js';
import type { Hint } from '../model/hint.js';
import type { ExecutionId } from '../model/ids.js';
import { ANSWER_MS, answerInTime } from '../engine/answer-in-time.js';
import type { Run } from '../engine/work.js';
import type { Clock } from '../ports/clock.js';
import type { Observer } from '../ports/observer.js';
import type { Store } from '../ports/store.js';
import { tellFault } from '../ports/tell-fault.js';
import type { Consumer } from './consumer.js';
import type { Obtained } from './consumer-options.js';
import type { Hinter } from './hinter.js';

/** One hint, which is good for one pass: held until that has rested. */
interface Ticket {
  /** Null: none in particular. */
  readonly id: ExecutionId | null;
  /** The worker of this definition may run something else with it; null: any worker. */
  readonly definition: string | null;
  readonly over: () => void;
  readonly refuse: (error: Error) => void;
}

/** Tickets that are served together: a claim answers no more. */
const MOST_AT_ONCE = 100;

export interface PacedIntakeOptions {
  readonly consumer: () => Pick<Consumer, 'room' | 'obtain' | 'runOf'>;
  readonly hinter: Pick<Hinter, 'again' | 'lookOn'>;
  /** Ids of the definitions that this process runs. */
  readonly runs: () => readonly string[];
  readonly store: Pick<Store, 'read'>;
  readonly clock: Clock;
  readonly observer: Observer;
}

/**
 * Takes work as hints allow it: each is a ticket for one pass, of the execution that it names, else of whatever is due of
 * the same worker. So a broker's limits hold, also for work that nobody hinted at: what a hint could not begin (it waited
 * behind a gate) is begun by the hint of an execution that another hint has begun.
 */
export class PacedIntake {
  private waiting: Ticket[] = [];
  /** Executions that run by a ticket, and of these those that are due once more. */
  private readonly running = new Set<ExecutionId>();
  private readonly dueAgain = new Set<ExecutionId>();
  private serving = false;
  private isOpen = false;

  constructor(private readonly options: PacedIntakeOptions) {}

  start(): void {
    this.isOpen = true;
  }

  /** Refuses what has not begun: another process may take it. What runs keeps its ticket. */
  stop(): void {
    this.isOpen = false;
    this.refuse(this.waiting.splice(0));
  }

  /** Resolves when the pass has rested, or there was nothing to run; rejects when this process cannot tell. */
  take({ executionId, route }: Hint): Promise<void> {
    if (!this.isOpen) return Promise.reject(stopped());
    return new Promise((over, refuse) => {
      const id = executionId === '' ? null : executionId;
      this.waiting.push({ id, definition: route?.definition ?? null, over, refuse });
      this.serve();
    });
  }

  /** There may be room: a slot is free, or the lease was renewed. Cheap to call: tickets are gathered. */
  serve(): void {
    if (this.serving || this.waiting.length === 0) return;
    this.serving = true;
    this.options.clock.soon(() => void this.serveAll());
  }

  /** The execution is due once more as its pass rests: its ticket is good for that, too. False: it has none. */
  again(id: ExecutionId): boolean {
    if (!this.running.has(id)) return false;
    this.dueAgain.add(id);
    return true;
  }

  private async serveAll(): Promise<void> {
    const consumer = this.options.consumer();
    try {
      while (this.waiting.length > 0 && consumer.room > 0)
        await this.serveSome(this.waiting.splice(0, Math.min(consumer.room, MOST_AT_ONCE)));
    } catch (error) {
      tellFault(this.options, 'serve hints', error);
    } finally {
      this.serving = false;
    }
  }

  /** Each ticket is used, done with, refused, or waits on. */
  private async serveSome(tickets: readonly Ticket[]): Promise<void> {
    const left = await this.takeNamed(tickets);
    const groups = new Map<string | null, Ticket[]>();
    for (const ticket of left) {
      const worker = ticket.definition === null ? null : partsOfDefinition(ticket.definition).worker;
      const group = groups.get(worker);
      if (group === undefined) groups.set(worker, [ticket]);
      else group.push(ticket);
    }
    for (const [worker, group] of groups) await this.takeAny(worker, group);
  }

  /** Begins the executions that the tickets name; answers the tickets that are left. */
  private async takeNamed(tickets: readonly Ticket[]): Promise<readonly Ticket[]> {
    const others = tickets.filter((ticket) => !this.joins(ticket));
    const ids = new Set(others.flatMap(({ id }) => (id === null ? [] : [id])));
    if (ids.size === 0) return others;
    const answer = await this.options.consumer().obtain({ ids: [...ids] }, ids.size);
    if (this.isLost(answer, others)) return [];
    const left = others.filter((ticket) => !this.begin(ticket, ticket.id, answer) && !this.joins(ticket));
    const ours = this.refuseOthers(left);
    return answer.nextAt === null ? ours : this.hintAgain(ours, ids.size === 1 ? answer.nextAt : null);
  }

  /** What this process does not run, because it is older or newer than the sender, is for another. */
  private refuseOthers(tickets: readonly Ticket[]): readonly Ticket[] {
    if (tickets.length === 0) return tickets;
    const runs = new Set(this.options.runs());
    return tickets.filter(({ id, definition, refuse }) => {
      const isOurs = id === null || definition === null || runs.has(definition);
      if (!isOurs) refuse(new Error(`this process does not run ${definition}`));
      return isOurs;
    });
  }

  /** Begins whatever is due of that worker, one for each ticket. */
  private async takeAny(worker: string | null, tickets: readonly Ticket[]): Promise<void> {
    const answer = await this.options.consumer().obtain({ worker }, tickets.length);
    if (this.isLost(answer, tickets)) return;
    const ids = [...answer.runs.keys()];
    const left = tickets.filter((ticket, at) => !this.begin(ticket, ids[at] ?? null, answer));
    // It claimed less than there is: a slot was taken meanwhile.
    if (answer.more && ids.length > 0) this.waiting.unshift(...left);
    else for (const ticket of left) ticket.over();
    const look = tickets.find(({ id, definition }) => id === null && definition !== null);
    if (answer.more && look?.definition != null) this.options.hinter.lookOn(look.definition);
  }

  private begin(ticket: Ticket, id: ExecutionId | null, { runs }: Obtained): boolean {
    const run = id === null ? undefined : runs.get(id);
    if (id === null || run === undefined) return false;
    runs.delete(id);
    this.follow(ticket, id, run);
    return true;
  }

  /** Its execution runs here already, by another ticket: this one lasts as long. */
  private joins({ id, over }: Ticket): boolean {
    const run = id === null ? null : this.options.consumer().runOf(id);
    void run?.ended.then(() => over());
    return run !== null;
  }

  private follow(ticket: Ticket, id: ExecutionId, run: Run): void {
    this.running.add(id);
    void run.ended.then(() => {
      this.running.delete(id);
      if (!this.dueAgain.delete(id)) ticket.over();
      else if (!this.isOpen) ticket.refuse(stopped());
      else {
        this.waiting.unshift({ ...ticket, id });
        this.serve();
      }
    });
  }

  /** Nothing was claimed: the tickets wait for room, or, when the store failed, are refused. */
  private isLost(
    answer: Obtained | 'no room' | 'failed',
    tickets: readonly Ticket[],
  ): answer is 'no room' | 'failed' {
    if (answer === 'failed' || (answer === 'no room' && !this.isOpen)) this.refuse(tickets);
    else if (answer === 'no room') this.waiting.unshift(...tickets);
    return typeof answer === 'string';
  }

  private refuse(tickets: readonly Ticket[]): void {
    for (const ticket of tickets)
      ticket.refuse(this.isOpen ? new Error('the store did not answer') : stopped());
  }

  /** Hints that came too early: others are sent for the instants at which their executions are due. Answers the tickets that are left. */
  private async hintAgain(tickets: readonly Ticket[], nextAt: number | null): Promise<readonly Ticket[]> {
    const { store, clock } = this.options;
    try {
      const read = Promise.all(tickets.map(async ({ id }) => (id === null ? null : store.read(id))));
      for (const record of await answerInTime(clock, ANSWER_MS, 'read executions', read))
        if (record !== null) this.tellAgain(record, nextAt);
      return tickets;
    } catch (error) {
      tellFault(this.options, 'send hints', error);
      this.refuse(tickets);
      return [];
    }
  }

  private tellAgain(record: ExecutionRecord, nextAt: number | null): void {
    if (record.status !== 'waiting' && record.status !== 'pending') return;
    const dueAt = nextAt ?? Math.min(...Object.values(record.timers));
    if (Number.isFinite(dueAt)) this.options.hinter.again(record, dueAt);
  }
}

function stopped(): Error {
  return new Error('the app does not take work just now');
}
