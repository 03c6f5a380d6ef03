import { messageOf } from '../model/message-of.js';

/** How an outbox sends. */
export interface OutboxOptions<Item, Answer> {
  /** Items that may be there at once, those on their way included. */
  readonly limit: number;
  /** Items of one sending, at most. */
  readonly batch: number;
  /** What it answers for each item stands at its place; where nothing stands, there is nothing to say. */
  readonly send: (items: readonly Item[]) => Promise<readonly (Answer | undefined)[]>;
  /** The error of items that were not sent. */
  readonly undelivered: (why: string, cause?: unknown) => Error;
}

interface Waiting<Item, Answer> {
  readonly item: Item;
  readonly resolve: (answer: Answer | undefined) => void;
  readonly reject: (error: Error) => void;
}

/** Items on their way to one place: those of a turn of the event loop go together, and while they do the next ones gather. */
export class Outbox<Item, Answer = never> {
  private waiting: Waiting<Item, Answer>[] = [];
  private underway = 0;
  private working: Promise<void> | null = null;

  constructor(private readonly options: OutboxOptions<Item, Answer>) {}

  get size(): { readonly waiting: number; readonly running: number } {
    return { waiting: this.waiting.length, running: this.underway };
  }

  /** Resolves when all are sent. Rejects with `undelivered`: none of them has room, or those that one went with failed. */
  async add(items: readonly Item[]): Promise<readonly (Answer | undefined)[]> {
    if (items.length === 0) return [];
    const { limit, undelivered } = this.options;
    if (this.waiting.length + this.underway + items.length > limit)
      throw undelivered(`${limit} wait already`);
    const sent = items.map(
      (item) =>
        new Promise<Answer | undefined>((resolve, reject) => {
          this.waiting.push({ item, resolve, reject });
        }),
    );
    this.begin();
    return Promise.all(sent);
  }

  /** Resolves when nothing is on its way. */
  async idle(): Promise<void> {
    while (this.working !== null) await this.working;
  }

  private begin(): void {
    this.working ??= this.work().finally(() => {
      this.working = null;
      if (this.waiting.length > 0) this.begin();
    });
  }

  private async work(): Promise<void> {
    await Promise.resolve();
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, this.options.batch);
      this.underway = batch.length;
      await this.deliver(batch);
      this.underway = 0;
    }
  }

  private async deliver(batch: readonly Waiting<Item, Answer>[]): Promise<void> {
    try {
      const answers = await this.options.send(batch.map(({ item }) => item));
      for (const [at, { resolve }] of batch.entries()) resolve(answers[at]);
    } catch (cause) {
      const error = this.options.undelivered(messageOf(cause), cause);
      for (const { reject } of batch) reject(error);
    }
  }
}
