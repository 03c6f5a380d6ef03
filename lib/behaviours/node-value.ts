import type { Codec, DecodedCopy } from '../ports/codec.js';

/** What a node of the graph gave. Steps share no state: each that takes it gets a value of its own. */
export interface NodeValue {
  take(): unknown;
}

/** A stored result, decoded anew for each taker but the first. */
export class ResultValue implements NodeValue {
  constructor(
    private readonly codec: Codec,
    private readonly text: string | null,
    private first: DecodedCopy | null = null,
  ) {}

  take(): unknown {
    const { first } = this;
    this.first = null;
    if (first !== null) return first.value;
    return this.text === null ? undefined : this.codec.decode(this.text);
  }
}

/** The results of a fan-out, in the order of its items. */
export class ListValue implements NodeValue {
  constructor(private readonly items: readonly NodeValue[]) {}

  take(): unknown {
    return this.items.map((item) => item.take());
  }
}
