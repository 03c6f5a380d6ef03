import { valueAt } from './program-value.js';
import { attemptsOf, type Node, type Program, type Work } from './random-program.js';

/** One of several values: which one, the seed's timing decides. */
export class OneOf {
  constructor(readonly values: readonly unknown[]) {}
}

/** An event of that key, and which one the seed's timing decides. */
export class Arrival {
  constructor(
    readonly key: number,
    /** Null when it did not come in time. */
    readonly mayLack: boolean,
  ) {}
}

export type Expected =
  | { readonly status: 'completed'; readonly value: unknown; readonly publishes: readonly string[] }
  | { readonly status: 'failed'; readonly publishes: readonly string[] };

/** Attempts of the program's handler. */
export const HANDLER_ATTEMPTS = 3;

class Failed extends Error {}

/** What the program gives when nothing goes wrong with machines, found by reading it: no engine, no clock. */
export function expectedOutcome(program: Program): Expected {
  const publishes = new Set<string>();
  for (let attempt = 1; attempt <= HANDLER_ATTEMPTS; attempt++) {
    try {
      return {
        status: 'completed',
        value: new Reader(attempt, publishes).list(program.nodes, ''),
        publishes: [...publishes],
      };
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
    }
  }
  return { status: 'failed', publishes: [...publishes] };
}

class Reader {
  /** Branches of races around the place that is read: one that lost may be left before it publishes. */
  private racing = 0;

  constructor(
    private readonly attempt: number,
    private readonly publishes: Set<string>,
  ) {}

  list(nodes: readonly Node[], at: string): unknown[] {
    return nodes.map((node) => this.node(node, at));
  }

  private node(node: Node, at: string): unknown {
    const site = `${at}/${node.id}`;
    switch (node.kind) {
      case 'call':
        return this.call(node.work, site);
      case 'sleep':
      case 'plain-await':
        return node.kind;
      case 'loop':
        return Array.from({ length: node.count }, (_, turn) => this.list(node.body, `${site}#${turn}`));
      case 'all':
        return node.branches.map((branch, index) => this.list(branch, `${site}.${index}`));
      case 'race':
        return this.race(node, site);
      case 'guard':
        return this.guard(node, site);
      case 'publish':
        if (this.racing === 0) this.publishes.add(site);
        return 'published';
      case 'wait':
        return new Arrival(node.key, node.timeoutMs !== null);
      case 'several':
        return this.several(node);
      case 'rival':
        return this.race(node, site, String);
      case 'run':
        return 'ran';
      case 'post':
        return 'posted';
      case 'throw':
        if (this.attempt <= node.attempts) throw new Failed(site);
        return 'passed';
    }
  }

  private several({ keys, until, timeoutMs }: Extract<Node, { kind: 'several' }>): OneOf {
    const lacks = timeoutMs === null ? [] : [null];
    const arrivals = keys.map((key) => new Arrival(key, false));
    return new OneOf(until === 'all' ? [arrivals, ...lacks] : [...arrivals, ...lacks]);
  }

  private race(
    node: Extract<Node, { kind: 'race' | 'rival' }>,
    site: string,
    nameOf: (index: number) => unknown = (index) => index,
  ): OneOf {
    this.racing++;
    const values = node.branches.map((branch, index) => ({
      winner: nameOf(index),
      value: this.list(branch, `${site}.${index}`),
    }));
    this.racing--;
    return new OneOf(values);
  }

  private guard(node: Extract<Node, { kind: 'guard' }>, site: string): unknown {
    try {
      return { tried: this.list(node.body, `${site}.try`) };
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
      return { rescued: this.list(node.rescue, `${site}.catch`) };
    }
  }

  private call(work: Work, site: string): unknown {
    const inner = this.list(work.inner, site);
    if (work.throws + work.hangs >= attemptsOf[work.step] || (work.final && work.throws > 0))
      throw new Failed(site);
    return work.inner.length === 0 ? valueAt(site, work.value) : [valueAt(site, work.value), inner];
  }
}
