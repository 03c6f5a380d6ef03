import { MAILBOX_CAPACITY } from '../../model/mailbox.js';
import type { EventId, ExecutionId } from '../../model/ids.js';
import type { AwaitWrite, Mail, NewEvent, Withdrawal } from '../../ports/store-write.js';

interface Letter {
  readonly number: number;
  readonly session: string | null;
  readonly eventId: EventId;
  readonly acceptedAt: number;
  readonly until: number;
  readonly payload: string;
}

interface OpenWait {
  readonly number: number;
  readonly box: string;
  readonly except: EventId | null;
  until: number | null;
  got: Letter | null;
}

/** Who asks; that it still runs the caller knows. */
interface Waiter {
  readonly id: ExecutionId;
  /** The newest event when it was created: what is older is none of its. */
  readonly lastMail: number;
}

/**
 * What must hold of events that executions wait for: each wait gets the oldest event that no other wait of its execution
 * got, exactly that one, and the same again whenever it asks (I22).
 */
export class MailboxModel {
  private numbers = 0;
  private readonly letters = new Map<string, Letter[]>();
  private readonly waits = new Map<ExecutionId, Map<string, OpenWait>>();
  /** Numbers of what older turns have got. */
  private readonly spent = new Map<ExecutionId, Set<number>>();

  constructor(private readonly violated: (rule: string, what: string) => void) {}

  /** Of the newest event or wait: those that come have higher numbers. */
  get lastNumber(): number {
    return this.numbers;
  }

  /** The event was accepted, for the first time. */
  delivered(event: NewEvent, now: number): void {
    const { mail, session, id } = event;
    if (mail === undefined) return;
    const box = boxOf(event.name, mail.key);
    const letters = this.lettersOf(box, now);
    if (letters.some((letter) => letter.eventId === id && letter.session === session)) return;
    if (letters.length >= MAILBOX_CAPACITY)
      this.violated('I22', `mailbox ${box} took event ${id} though it holds ${letters.length}`);
    const number = ++this.numbers;
    const letter = {
      number,
      session,
      eventId: id,
      acceptedAt: now,
      until: mail.until,
      payload: mail.payload,
    };
    letters.push(letter);
    for (const waits of this.waits.values()) {
      const [first] = [...waits.values()]
        .filter((wait) => wait.box === box && wait.got === null && !isTooLate(wait.until, now))
        .sort((a, b) => a.number - b.number);
      if (first !== undefined) first.got = letter;
    }
  }

  /** The whole write was refused, because the mailbox of that event has no room. */
  refused(events: readonly NewEvent[], eventId: string | undefined, now: number): void {
    const event = events.find(({ id }) => id === eventId);
    if (event?.mail === undefined) return this.violated('I22', `event ${String(eventId)} has no mailbox`);
    const { name, mail } = event;
    const beside = events.filter((other) => other.name === name && other.mail?.key === mail.key).length;
    const held = this.lettersOf(boxOf(name, mail.key), now).length;
    if (held + beside <= MAILBOX_CAPACITY)
      this.violated('I22', `event ${event.id} was refused: its mailbox holds ${held}`);
  }

  asked(waiter: Waiter, write: AwaitWrite, mail: Mail | null, now: number): void {
    const expected = this.answer(waiter, write, now);
    if (expected === null && mail !== null)
      this.violated('I22', `${nameOf(write)} got ${mail.payload}, which is not its`);
    if (expected !== null && mail?.payload !== expected.payload)
      this.violated(
        'I22',
        `${nameOf(write)} got ${mail?.payload ?? 'nothing'} instead of ${expected.payload}`,
      );
  }

  /** The execution ended: it waits for nothing any more. */
  ended(id: ExecutionId): void {
    const waits = this.waits.get(id);
    for (const [holder, { got }] of waits ?? []) if (got === null) waits?.delete(holder);
  }

  /** Waits are given up: what they had got is there again, for open waits of the execution first. */
  withdrawn(waiter: Waiter, { holder, except }: Withdrawal, now: number): void {
    const waits = this.waits.get(waiter.id);
    if (waits === undefined || except === 'all') return;
    const boxes = new Set<string>();
    for (const [name, { got, box }] of waits) {
      if ((name !== holder && !name.startsWith(`${holder}/`)) || except.includes(name)) continue;
      waits.delete(name);
      if (got !== null) boxes.add(box);
    }
    for (const wait of [...waits.values()].sort((a, b) => a.number - b.number))
      if (wait.got === null && boxes.has(wait.box)) wait.got = this.next(waiter, wait, now);
  }

  /** Its next turn begins. */
  turned(id: ExecutionId): void {
    const spent = this.spent.get(id) ?? new Set();
    for (const { got } of this.waits.get(id)?.values() ?? []) if (got !== null) spent.add(got.number);
    this.spent.set(id, spent);
    this.waits.delete(id);
  }

  /** Mailboxes, as event and key, at which that execution waits for what has not come. */
  openOf(id: ExecutionId): readonly (readonly [event: string, key: string])[] {
    return [...(this.waits.get(id)?.values() ?? [])]
      .filter(({ got }) => got === null)
      .map(({ box }) => JSON.parse(box) as readonly [string, string]);
  }

  private answer({ id, lastMail }: Waiter, write: AwaitWrite, now: number): Letter | null {
    let waits = this.waits.get(id);
    if (waits === undefined) this.waits.set(id, (waits = new Map()));
    const { holder, event, key, until, except, isOver } = write;
    const known = waits.get(holder);
    if (known !== undefined && known.got !== null) return known.got;
    const box = boxOf(event, key);
    const letter = this.next({ id, lastMail }, { box, until, except }, now);
    if (letter === null && isOver) {
      waits.delete(holder);
      return null;
    }
    const wait = known ?? { number: ++this.numbers, box, except, until, got: null };
    wait.until = until;
    wait.got = letter;
    waits.set(holder, wait);
    return letter;
  }

  private next(
    { id, lastMail }: Waiter,
    { box, until, except }: Pick<OpenWait, 'box' | 'until' | 'except'>,
    now: number,
  ): Letter | null {
    const gone = new Set(this.spent.get(id));
    for (const { got } of this.waits.get(id)?.values() ?? []) if (got !== null) gone.add(got.number);
    const letter = this.lettersOf(box, now).find(
      ({ number, eventId, acceptedAt }) =>
        number > lastMail &&
        !gone.has(number) &&
        eventId !== except &&
        (until === null || acceptedAt < until),
    );
    return letter ?? null;
  }

  private lettersOf(box: string, now: number): Letter[] {
    const letters = (this.letters.get(box) ?? []).filter(({ until }) => until > now);
    this.letters.set(box, letters);
    return letters;
  }
}

function boxOf(event: string, key: string): string {
  return JSON.stringify([event, key]);
}

function nameOf({ lease, holder }: AwaitWrite): string {
  return `the wait ${holder} of ${lease.executionId}`;
}

function isTooLate(until: number | null, at: number): boolean {
  return until !== null && until <= at;
}
