import type { Checkpoint } from '../model/checkpoint.js';
import { type FanOut, MOST_ITEMS } from '../model/declared-step.js';
import type { StepDefinition } from '../model/definition.js';
import { TooManyItemsError } from '../model/errors-graph.js';
import { NonRetryableError } from '../model/errors-step.js';
import { digestOf } from '../step/digest.js';
import type { Frame } from '../step/frame.js';
import type { PassEnd } from '../step/pass-end.js';
import { beginDeclared } from './declared-call.js';
import type { Ended } from './graph-node.js';
import { ListValue, type NodeValue, ResultValue } from './node-value.js';

/** How a fan-out ended: all items have, one way or the other. */
export interface FanOutOwner {
  fannedOut(value: NodeValue, ended: Ended): void;
  itemFailed(error: unknown, seq: number): void;
  closesFanOut(): PassEnd | null;
}

interface Failure {
  readonly error: unknown;
  readonly seq: number;
}

/** One declared step over the items of a list: some at a time, results in the order of the items. */
export class FanOutRun {
  private readonly results: (NodeValue | null)[];
  private readonly paths: readonly string[];
  private readonly waiting: number[] = [];
  private running = 0;
  private failure: Failure | null = null;
  private last: Ended;

  /** `begins`: the end of what the list came from. Throws what taking items and naming them throws. */
  constructor(
    private readonly frame: Frame,
    private readonly receiver: object,
    private readonly definition: StepDefinition,
    private readonly encodedName: string,
    private readonly fanOut: FanOut,
    private readonly items: readonly unknown[],
    private readonly begins: Ended,
    private readonly owner: FanOutOwner,
  ) {
    this.last = begins;
    this.paths = items.map((item) => frame.nextPath(encodedName, this.digest(item)));
    this.results = items.map(() => null);
  }

  begin(): void {
    for (const at of this.items.keys()) if (!this.wasRecorded(at)) this.waiting.push(at);
    this.waiting.reverse();
    this.goOn();
  }

  /** Whether the result now under way is the last that is missing. */
  get isLast(): boolean {
    return this.running === 1 && this.waiting.length === 0 && this.failure === null;
  }

  private wasRecorded(at: number): boolean {
    const { frame } = this;
    const row = frame.pass.replay?.take(this.paths[at] as string, frame.scope) ?? null;
    if (row === null) return false;
    frame.pass.replay?.settled(row);
    const { codec } = frame.pass.services;
    if (row.kind === 'completed') this.results[at] = new ResultValue(codec, row.value);
    else this.note(codec.decodeFailure(row.error ?? ''), row);
    if (row.seq > this.last.seq) this.last = row;
    return true;
  }

  private goOn(): void {
    while (this.running < this.fanOut.concurrency && this.waiting.length > 0)
      this.start(this.waiting.pop() as number);
    if (this.running > 0) return;
    const { failure } = this;
    if (failure !== null) this.owner.itemFailed(failure.error, failure.seq);
    else this.owner.fannedOut(new ListValue(this.results as NodeValue[]), this.last);
  }

  private start(at: number): void {
    this.running++;
    const { frame } = this;
    const { codec } = frame.pass.services;
    frame.time = this.begins.endedAt;
    beginDeclared(
      frame,
      this.receiver,
      this.definition,
      this.encodedName,
      this.paths[at] as string,
      () => [this.itemFor(at)],
      {
        completed: (value, row) => {
          this.results[at] = new ResultValue(codec, row.value, { value });
          this.ended(row);
        },
        failed: (error, row) => {
          this.note(error, row);
          this.ended(row);
        },
        closes: () => (this.isLast ? this.owner.closesFanOut() : null),
      },
    );
  }

  /** Each attempt gets an item of its own: what an earlier one did to it is not seen. */
  private itemFor(at: number): unknown {
    const { codec } = this.frame.pass.services;
    const item = this.items[at];
    try {
      const { text, copy } = codec.encodeAndCopy(item);
      return copy === null ? codec.decode(text) : copy.value;
    } catch {
      // Named by its key, it need not be storable.
      return item;
    }
  }

  private ended(row: Checkpoint): void {
    this.running--;
    if (row.seq > this.last.seq) this.last = row;
    this.goOn();
  }

  /** The first failure is the one that is told. */
  private note(error: unknown, { seq }: Checkpoint): void {
    if (this.failure === null || seq < this.failure.seq) this.failure = { error, seq };
  }

  private digest(item: unknown): string {
    const { key } = this.definition;
    const { codec } = this.frame.pass.services;
    return digestOf(codec.encode(key === null ? item : key(...([item] as never[]))));
  }
}

/** The items of a fan-out. Throws `TooManyItemsError`, and `NonRetryableError` for what is no list. */
export function itemsOf(step: string, fanOut: FanOut, values: readonly NodeValue[]): readonly unknown[] {
  const list: unknown = fanOut.of(...(values.map((value) => value.take()) as never[]));
  if (typeof list !== 'object' || list === null || !(Symbol.iterator in list))
    throw new NonRetryableError(
      `each of step '${step}' gave ${list === null ? 'null' : typeof list}: write each: (value) => value.items, a list`,
    );
  const items: unknown[] = [];
  for (const item of list as Iterable<unknown>) {
    if (items.length === MOST_ITEMS)
      throw new TooManyItemsError(step, Array.isArray(list) ? list.length : MOST_ITEMS + 1, MOST_ITEMS);
    items.push(item);
  }
  return items;
}
