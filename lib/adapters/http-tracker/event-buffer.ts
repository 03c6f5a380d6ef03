/** An event as it is sent. */
export interface WireEvent {
  readonly text: string;
  /** It is given up last. */
  readonly isFailure: boolean;
}

interface Held extends WireEvent {
  readonly seq: number;
}

/** Characters that are held at most, whatever the number of events. */
const MOST_TEXT = 32 * 2 ** 20;

/** Events that wait to be sent, in their order. Full, it gives up the oldest: failures only when it holds nothing else. */
export class EventBuffer {
  private ordinary: Held[] = [];
  private failures: Held[] = [];
  private text = 0;
  private lastSeq = 0;
  private givenUp = 0;

  constructor(private readonly most: number) {}

  get size(): number {
    return this.ordinary.length + this.failures.length;
  }

  /** Events that were given up and of which the receiver does not know yet. */
  get dropped(): number {
    return this.givenUp;
  }

  add(event: WireEvent): void {
    this.put({ ...event, seq: ++this.lastSeq });
    while (this.size > this.most || (this.text > MOST_TEXT && this.size > 1)) this.drop();
  }

  /** Takes out the oldest, so many and so much text at most, one at least. */
  take(most: number, mostText: number): readonly Held[] {
    const taken: Held[] = [];
    for (let text = 0; taken.length < most && this.size > 0; ) {
      const next = this.oldest();
      text += next.text.length;
      if (taken.length > 0 && text > mostText) break;
      taken.push(this.remove(next));
    }
    return taken;
  }

  /** Gives back what was taken and not sent. */
  giveBack(taken: readonly Held[]): void {
    const of = (isFailure: boolean): Held[] => taken.filter((each) => each.isFailure === isFailure);
    this.ordinary = [...of(false), ...this.ordinary];
    this.failures = [...of(true), ...this.failures];
    for (const { text } of taken) this.text += text.length;
    while (this.size > this.most) this.drop();
  }

  /** So many were given up elsewhere. */
  gaveUp(count: number): void {
    this.givenUp += count;
  }

  /** The receiver knows now of so many that were given up. */
  told(count: number): void {
    this.givenUp -= count;
  }

  private put(event: Held): void {
    (event.isFailure ? this.failures : this.ordinary).push(event);
    this.text += event.text.length;
  }

  private drop(): void {
    const [first] = this.ordinary.length > 0 ? this.ordinary : this.failures;
    if (first === undefined) return;
    this.remove(first);
    this.givenUp++;
  }

  private oldest(): Held {
    const [ordinary] = this.ordinary;
    const [failure] = this.failures;
    if (ordinary === undefined || (failure !== undefined && failure.seq < ordinary.seq))
      return failure as Held;
    return ordinary;
  }

  /** The event is the first of its kind. */
  private remove(event: Held): Held {
    (event.isFailure ? this.failures : this.ordinary).shift();
    this.text -= event.text.length;
    return event;
  }
}
