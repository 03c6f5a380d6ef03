import type { SeededRandom } from '../../lib/testing/simulation/seeded-random.js';

/** What one call of a step does, by attempt. */
export interface Work {
  /** Names the step method, which carries the policies; `inline` is `step('…', fn)`. */
  readonly step: StepName;
  /** Ms that each attempt takes. */
  readonly ms: number;
  readonly value: ValueKind;
  /** Attempts that throw before one succeeds. */
  readonly throws: number;
  /** Attempts that hang past their timeout before one succeeds; after those that throw. */
  readonly hangs: number;
  /** The first attempt throws an error marked final. */
  readonly final: boolean;
  /** Called without arguments: told apart by order alone. */
  readonly bare: boolean;
  /** What the body calls before it ends. */
  readonly inner: readonly Node[];
}

export type StepName = 'plain' | 'hasty' | 'once' | 'deep' | 'patient' | 'inline';
export type ValueKind =
  | 'number'
  | 'text'
  | 'undefined'
  | 'date'
  | 'map'
  | 'bigint'
  | 'object'
  | 'bytes'
  | 'null';

export type Node =
  | { readonly kind: 'call'; readonly id: string; readonly work: Work }
  | { readonly kind: 'sleep'; readonly id: string; readonly ms: number }
  | { readonly kind: 'loop'; readonly id: string; readonly count: number; readonly body: readonly Node[] }
  | { readonly kind: 'all'; readonly id: string; readonly branches: readonly (readonly Node[])[] }
  | { readonly kind: 'race'; readonly id: string; readonly branches: readonly (readonly Node[])[] }
  /** try { … } catch { … } */
  | {
      readonly kind: 'guard';
      readonly id: string;
      readonly body: readonly Node[];
      readonly rescue: readonly Node[];
    }
  | { readonly kind: 'publish'; readonly id: string; readonly explicit: boolean }
  /** Waits for an event of that key; null: for ever. */
  | { readonly kind: 'wait'; readonly id: string; readonly key: number; readonly timeoutMs: number | null }
  /** Publishes an event of that key, for whoever waits. */
  | { readonly kind: 'post'; readonly id: string; readonly key: number; readonly explicit: boolean }
  /** Waits for events of several keys: for the first, or for all of them. */
  | {
      readonly kind: 'several';
      readonly id: string;
      readonly keys: readonly number[];
      readonly until: 'any' | 'all';
      readonly timeoutMs: number | null;
    }
  /** A durable race. */
  | { readonly kind: 'rival'; readonly id: string; readonly branches: readonly (readonly Node[])[] }
  /** Runs a child execution. */
  | { readonly kind: 'run'; readonly id: string }
  /** Awaits promises that are no steps. */
  | { readonly kind: 'plain-await'; readonly id: string; readonly turns: number }
  /** The handler itself throws, on its first attempts. */
  | { readonly kind: 'throw'; readonly id: string; readonly attempts: number };

export interface Program {
  readonly nodes: readonly Node[];
  /** How often the handler goes on as new with the same nodes, when it is one of events. */
  readonly turns: number;
}

const valueKinds: readonly ValueKind[] = [
  'number',
  'text',
  'undefined',
  'date',
  'map',
  'bigint',
  'object',
  'bytes',
  'null',
];

/** Keys of the events that programs wait for: 0 to this, exclusive. */
export const KEYS = 3;

/** Attempts that each step has. */
export const attemptsOf: Readonly<Record<StepName, number>> = {
  plain: 3,
  hasty: 3,
  once: 1,
  deep: 3,
  patient: 4,
  inline: 3,
};

/** Draws a handler: what it calls, in which order, what fails. */
export class ProgramWriter {
  private nodes = 0;
  private mayBeBare = true;

  constructor(private readonly random: SeededRandom) {}

  write(): Program {
    const throws = this.random.chance(0.12);
    // A handler that goes another way on its second attempt must not tell calls apart by order alone.
    this.mayBeBare = !throws;
    const nodes = [...this.list(1, 4, 0)];
    if (throws)
      nodes.splice(this.random.int(0, nodes.length), 0, {
        kind: 'throw',
        id: this.id(),
        attempts: this.random.int(1, 3),
      });
    return { nodes, turns: this.random.chance(0.15) ? this.random.int(1, 3) : 0 };
  }

  private id(): string {
    return `n${++this.nodes}`;
  }

  /** `calm`: nothing in it fails for good, because its failure may come when nobody looks any more. */
  private list(low: number, high: number, depth: number, calm = false): readonly Node[] {
    return Array.from({ length: this.random.int(low, high) }, () => this.node(depth, calm));
  }

  private node(depth: number, calm: boolean): Node {
    const draw = this.random.next();
    const id = this.id();
    if (depth >= 2 || draw < 0.4 || (calm && draw >= 0.82 && draw < 0.89))
      return { kind: 'call', id, work: this.work(depth, calm) };
    if (draw < 0.47) return this.wait(id);
    if (draw < 0.53) return { kind: 'sleep', id, ms: this.random.pick([10, 1_000, 20_000]) };
    if (draw < 0.61)
      return { kind: 'loop', id, count: this.random.int(2, 4), body: this.list(1, 2, depth + 1, calm) };
    if (draw < 0.74) return { kind: 'all', id, branches: this.branches(depth, calm) };
    if (draw < 0.78) return { kind: 'race', id, branches: this.branches(depth, true) };
    if (draw < 0.82) return { kind: 'rival', id, branches: this.branches(depth, true) };
    if (draw < 0.89)
      return { kind: 'guard', id, body: this.failing(depth), rescue: this.list(1, 2, depth + 1) };
    // Publishes are told apart by order alone, too.
    if (draw < 0.95 && (this.mayBeBare || !calm)) return this.publish(id);
    if (this.random.chance(0.5)) return { kind: 'run', id };
    return { kind: 'plain-await', id, turns: this.random.int(1, 5) };
  }

  private wait(id: string): Node {
    const timeoutMs = this.random.chance(0.5) ? this.random.pick([10, 1_000, 20_000]) : null;
    if (this.random.chance(0.35)) {
      const keys = Array.from({ length: this.random.int(1, 3) }, () => this.random.int(0, KEYS - 1));
      return { kind: 'several', id, keys, until: this.random.pick(['any', 'all'] as const), timeoutMs };
    }
    return { kind: 'wait', id, key: this.random.int(0, KEYS - 1), timeoutMs };
  }

  private publish(id: string): Node {
    const explicit = this.random.chance(0.3);
    if (this.random.chance(0.6)) return { kind: 'publish', id, explicit };
    return { kind: 'post', id, key: this.random.int(0, KEYS - 1), explicit };
  }

  private branches(depth: number, calm: boolean): readonly (readonly Node[])[] {
    return Array.from({ length: depth === 0 ? this.random.int(2, 5) : 2 }, () =>
      this.list(1, 2, depth + 1, calm),
    );
  }

  /** A list of which one call fails for good. */
  private failing(depth: number): readonly Node[] {
    const final = this.random.chance(0.4);
    const work = {
      ...this.work(3, false),
      step: 'plain' as const,
      final,
      throws: final ? 1 : attemptsOf.plain,
      hangs: 0,
    };
    return [...this.list(0, 1, depth + 1), { kind: 'call', id: this.id(), work }];
  }

  private work(depth: number, calm: boolean): Work {
    const { random } = this;
    const steps: readonly StepName[] =
      depth >= 2
        ? ['plain', 'hasty', 'inline', 'patient']
        : ['plain', 'plain', 'hasty', 'once', 'deep', 'patient', 'inline'];
    const step = random.pick(steps);
    const attempts = attemptsOf[step];
    const throws = step === 'once' || random.chance(0.7) ? 0 : random.int(1, attempts - 1);
    const hangs = step === 'hasty' && random.chance(0.2) ? attempts - 1 - throws : 0;
    return {
      step,
      ms: random.chance(0.3) ? 0 : random.pick(step === 'hasty' ? [1, 5, 50, 400] : [1, 5, 50, 400, 5_000]),
      value: random.pick(valueKinds),
      throws,
      hangs: Math.max(0, hangs),
      final: false,
      bare: this.mayBeBare && random.chance(0.25),
      inner: step === 'deep' ? this.list(1, 2, depth + 1, calm) : [],
    };
  }
}
