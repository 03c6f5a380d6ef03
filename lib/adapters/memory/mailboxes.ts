import type { EventId } from '../../model/ids.js';
import { MAILBOX_CAPACITY } from '../../model/mailbox.js';
import type { AwaitWrite, Mail, NewEvent, Withdrawal } from '../../ports/store-write.js';
import { type Entry, EventWait } from './entry.js';
import { Heap, type Heaped } from './heap.js';
import { isWithin } from './is-within.js';

/** An event in a mailbox. */
export class Letter implements Heaped, Mail {
  heapIndex = -1;

  constructor(
    /** Orders the letters; never used again. */
    readonly number: number,
    readonly box: string,
    readonly session: string | null,
    readonly eventId: EventId,
    readonly acceptedAt: number,
    /** Key of the newest execution when it was accepted: what was created later does not get it. */
    readonly newest: number,
    readonly until: number,
    readonly payload: string,
    readonly schemaHash: string | null,
  ) {}
}

interface Box {
  /** In the order in which they were accepted. */
  readonly letters: Letter[];
  /** Open ones, in the order in which they were registered. */
  readonly waits: Set<EventWait>;
}

/** Events that executions may wait for, and those that do, by event and key. */
export class Mailboxes {
  lastNumber = 0;
  private readonly boxes = new Map<string, Box>();
  private readonly byUntil = new Heap<Letter>((a, b) => a.until - b.until || a.number - b.number);

  /** `told`: a wait got what it waits for. */
  constructor(private readonly told: (wait: EventWait, now: number) => void) {}

  /** The first of the events whose mailbox has no room. */
  full(events: readonly NewEvent[], now: number): EventId | null {
    const added = new Map<string, NewEvent[]>();
    for (const event of events) {
      if (event.mail === undefined) continue;
      const name = boxName(event.name, event.mail.key);
      const letters = this.boxes.get(name)?.letters.filter(({ until }) => until > now) ?? [];
      const more = added.get(name) ?? [];
      if (letters.some((letter) => isOf(letter, event)) || more.some((other) => isSame(other, event)))
        continue;
      if (letters.length + more.length >= MAILBOX_CAPACITY) return event.id;
      added.set(name, [...more, event]);
    }
    return null;
  }

  /** Keeps the event, once, and tells each execution that waits for it. `newest`: the key of the newest execution. */
  deliver(event: NewEvent, now: number, newest: number): void {
    const { mail, session, id } = event;
    if (mail === undefined) return;
    const name = boxName(event.name, mail.key);
    const box = this.box(name);
    for (const letter of box.letters.filter(({ until }) => until <= now)) this.throwAway(letter);
    if (box.letters.some((letter) => isOf(letter, event))) return;
    const number = ++this.lastNumber;
    const { until, payload, schemaHash } = mail;
    const letter = new Letter(number, name, session, id, now, newest, until, payload, schemaHash);
    this.keep(letter);
    const served = new Set<Entry>();
    for (const wait of box.waits) {
      if (served.has(wait.entry) || isTooLate(wait.until, now)) continue;
      served.add(wait.entry);
      this.give(wait, letter);
      this.told(wait, now);
    }
  }

  /** What the wait gets, or got; null: nothing yet. */
  ask(entry: Entry, write: AwaitWrite, now: number): Mail | null {
    const { holder, event, key, until, isOver } = write;
    let wait = entry.waits?.get(holder);
    if (wait !== undefined && wait.got !== null) return plain(wait.got);
    const name = boxName(event, key);
    const letter = this.next(entry, name, write, now);
    if (letter === undefined && isOver) {
      if (wait !== undefined) this.drop(wait);
      return null;
    }
    if (wait === undefined) {
      wait = new EventWait(++this.lastNumber, entry, holder, name, until, write.except);
      this.put(wait);
    }
    wait.until = until;
    if (letter === undefined) return null;
    this.give(wait, letter);
    return plain(letter);
  }

  /** The execution ended: it waits for nothing any more, and keeps what it got. */
  end(entry: Entry): void {
    for (const wait of entry.waits?.values() ?? []) if (wait.got === null) this.drop(wait);
  }

  /** Its waits end, and what they had got is there for the others, or for the next one that asks. */
  withdraw(entry: Entry, { holder, except }: Withdrawal, now: number): void {
    if (except === 'all') return;
    const gone = [...(entry.waits?.values() ?? [])].filter(
      (wait) => isWithin(wait.holder, holder) && !except.includes(wait.holder),
    );
    for (const wait of gone) this.drop(wait);
    const boxes = new Set(gone.filter(({ got }) => got !== null).map(({ box }) => box));
    for (const box of boxes) this.serve(entry, box, now);
  }

  /** Its next turn begins: it waits for nothing, and what it had got it does not get again. */
  turn(entry: Entry): void {
    const spent = new Map(entry.spent);
    for (const { got, box } of entry.waits?.values() ?? []) if (got !== null) spent.set(got.number, box);
    for (const [number, box] of spent)
      if (this.boxes.get(box)?.letters.some((letter) => letter.number === number) !== true)
        spent.delete(number);
    entry.spent = spent.size === 0 ? null : spent;
    for (const wait of entry.waits?.values() ?? []) this.drop(wait);
  }

  /** The execution is removed. */
  forget(entry: Entry): void {
    for (const wait of entry.waits?.values() ?? []) this.drop(wait);
  }

  /** Throws away at most `limit` that have expired; answers how many. */
  forgetExpired(now: number, limit: number): number {
    let removed = 0;
    for (; removed < limit && this.hasExpired(now); removed++) {
      const letter = this.byUntil.peek();
      if (letter === undefined) break;
      this.throwAway(letter);
    }
    return removed;
  }

  hasExpired(now: number): boolean {
    const letter = this.byUntil.peek();
    return letter !== undefined && letter.until <= now;
  }

  *letters(): Generator<Letter> {
    for (const { letters } of this.boxes.values()) yield* letters;
  }

  keep(letter: Letter): void {
    this.box(letter.box).letters.push(letter);
    this.byUntil.push(letter);
  }

  put(wait: EventWait): void {
    wait.entry.waits ??= new Map();
    wait.entry.waits.set(wait.holder, wait);
    if (wait.got === null) this.box(wait.box).waits.add(wait);
  }

  /** Gives the open waits of an execution what is there for them again. */
  private serve(entry: Entry, name: string, now: number): void {
    for (const wait of this.boxes.get(name)?.waits ?? []) {
      if (wait.entry !== entry) continue;
      const letter = this.next(entry, name, wait, now);
      if (letter === undefined) continue;
      this.give(wait, letter);
      this.told(wait, now);
    }
  }

  private next(
    entry: Entry,
    name: string,
    { until, except }: Pick<AwaitWrite, 'until' | 'except'>,
    now: number,
  ): Letter | undefined {
    const got = new Set(entry.spent?.keys());
    for (const wait of entry.waits?.values() ?? [])
      if (wait.box === name && wait.got !== null) got.add(wait.got.number);
    return this.boxes
      .get(name)
      ?.letters.find(
        (letter) =>
          !got.has(letter.number) &&
          letter.until > now &&
          letter.newest >= entry.key &&
          !isTooLate(until, letter.acceptedAt) &&
          letter.eventId !== except,
      );
  }

  private give(wait: EventWait, { number, payload, schemaHash }: Letter): void {
    wait.got = { number, payload, schemaHash };
    this.boxes.get(wait.box)?.waits.delete(wait);
  }

  private drop(wait: EventWait): void {
    const { entry, holder } = wait;
    entry.waits?.delete(holder);
    if (entry.waits?.size === 0) entry.waits = null;
    this.boxes.get(wait.box)?.waits.delete(wait);
    this.tidy(wait.box);
  }

  private throwAway(letter: Letter): void {
    this.byUntil.remove(letter);
    const letters = this.boxes.get(letter.box)?.letters;
    letters?.splice(letters.indexOf(letter), 1);
    this.tidy(letter.box);
  }

  private box(name: string): Box {
    let box = this.boxes.get(name);
    if (box === undefined) this.boxes.set(name, (box = { letters: [], waits: new Set() }));
    return box;
  }

  private tidy(name: string): void {
    const box = this.boxes.get(name);
    if (box?.letters.length === 0 && box.waits.size === 0) this.boxes.delete(name);
  }
}

function boxName(event: string, key: string): string {
  return JSON.stringify([event, key]);
}

function isOf(letter: Letter, event: NewEvent): boolean {
  return letter.eventId === event.id && letter.session === event.session;
}

function isSame(a: NewEvent, b: NewEvent): boolean {
  return a.id === b.id && a.session === b.session;
}

function isTooLate(until: number | null, at: number): boolean {
  return until !== null && until <= at;
}

function plain({ payload, schemaHash, number }: Mail & { readonly number: number }): Mail {
  return { payload, schemaHash, place: number };
}
