import type { SeededRandom } from '../../lib/testing/simulation/seeded-random.js';

/** The handler of every drawn graph. */
export const ROOT = 'follow';
/** Attempts that each step has. */
export const STEP_ATTEMPTS = 3;

/** One declared step of a drawn graph. */
export interface GraphStep {
  readonly name: string;
  readonly after: readonly string[];
  readonly join: 'all' | 'any';
  /** What its condition answers; null: it has none. */
  readonly when: boolean | 'otherwise' | null;
  /** It runs for each item of a list; equal items are told apart by their order. */
  readonly items: { readonly count: number; readonly distinct: number; readonly concurrency: number } | null;
  /** Ms that each attempt takes. */
  readonly ms: number;
  /** Attempts that throw before one succeeds; of a fan-out, those of its last item. */
  readonly throws: number;
  /** Inline steps that its body calls. */
  readonly inner: number;
  /** Bodies of it that may run at the same time, in all processes; null: any number. */
  readonly atOnce: number | null;
  /** How many bodies of it begin in a second, in all processes; null: any number. */
  readonly aSecond: number | null;
  /** A method undoes it. */
  readonly isUndone: boolean;
}

export interface Graph {
  readonly steps: readonly GraphStep[];
  /** Executions of it that may run at the same time, in all processes; null: any number. */
  readonly atOnce: number | null;
}

/** Draws a graph: chains, branches side by side, joins, routes, fan-outs, and what fails in it. */
export class GraphWriter {
  private readonly steps: GraphStep[] = [];
  private readonly mayFail: boolean;

  constructor(private readonly random: SeededRandom) {
    this.mayFail = random.chance(0.35);
  }

  write(): Graph {
    const most = this.random.int(2, 8);
    while (this.steps.length < most) {
      const { after, join } = this.wiring();
      if (this.random.chance(0.25)) this.route(after, join);
      else this.add(after, join, null);
    }
    const atOnce = this.random.chance(0.2) ? this.random.int(1, 2) : null;
    return { steps: this.steps, atOnce };
  }

  private route(after: readonly string[], join: GraphStep['join']): void {
    const branches = this.random.int(2, 3);
    for (let branch = 1; branch < branches; branch++) this.add(after, join, this.random.chance(0.5));
    this.add(after, join, this.random.chance(0.85) ? 'otherwise' : this.random.chance(0.5));
  }

  /** The handler or earlier steps; the latest more often, so that chains grow. */
  private wiring(): Pick<GraphStep, 'after' | 'join'> {
    const { random } = this;
    const known = [ROOT, ...this.steps.map(({ name }) => name)];
    const after = new Set<string>();
    for (let count = random.chance(0.4) ? random.int(2, 3) : 1; count > 0; count--)
      after.add(random.chance(0.5) ? (known.at(-1) as string) : random.pick(known));
    return { after: [...after], join: after.size > 1 && random.chance(0.3) ? 'any' : 'all' };
  }

  private add(after: readonly string[], join: GraphStep['join'], when: GraphStep['when']): void {
    const { random } = this;
    const count = random.int(0, 6);
    this.steps.push({
      name: `s${this.steps.length + 1}`,
      after,
      join,
      when,
      items: random.chance(0.25)
        ? { count, distinct: random.int(1, 6), concurrency: random.int(1, 4) }
        : null,
      ms: random.chance(0.3) ? 0 : random.pick([1, 5, 50, 400, 5_000]),
      throws: this.throws(),
      inner: random.chance(0.3) ? random.int(1, 2) : 0,
      isUndone: random.chance(0.4),
      atOnce: random.chance(0.15) ? random.int(1, 2) : null,
      aSecond: random.chance(0.1) ? random.int(1, 3) : null,
    });
  }

  private throws(): number {
    if (this.random.chance(0.7)) return 0;
    return this.mayFail && this.random.chance(0.4) ? STEP_ATTEMPTS : this.random.int(1, STEP_ATTEMPTS - 1);
  }
}
