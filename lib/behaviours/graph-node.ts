import { type DeclaredStep, routeOf } from '../model/declared-step.js';
import type { Checkpoint } from '../model/checkpoint.js';
import { encodeName } from '../model/path.js';
import type { NodeValue } from './node-value.js';

/** When something ended: in the order of the journal, and by the clock. */
export type Ended = Pick<Checkpoint, 'seq' | 'endedAt'>;

/**
 * Where a node stands in this pass. `blocked`: what it comes after failed, so that it never begins. `seq` orders ends
 * as the journal does.
 */
export type Standing =
  | { readonly kind: 'idle' | 'running' | 'skipped' | 'blocked' }
  | { readonly kind: 'completed'; readonly value: NodeValue; readonly ended: Ended }
  | { readonly kind: 'failed'; readonly error: unknown; readonly seq: number };

/** What a node may do, by what it comes after; `last`: the end that it waited for. */
export type Readiness =
  | { readonly kind: 'wait' | 'skip' | 'block' }
  | { readonly kind: 'begin'; readonly values: readonly NodeValue[]; readonly last: Ended };

/** One node of a graph that runs: the handler, or a declared step. */
export class GraphNode {
  standing: Standing = { kind: 'idle' };
  readonly encodedName: string;
  readonly predecessors: readonly GraphNode[];
  readonly successors: GraphNode[] = [];

  /** `step` is null for the handler. */
  constructor(
    name: string,
    readonly step: DeclaredStep | null,
    predecessors: readonly GraphNode[],
  ) {
    this.encodedName = encodeName(name);
    this.predecessors = predecessors;
    for (const predecessor of predecessors) predecessor.successors.push(this);
  }

  /** The route that it is a branch of; null: none. */
  get route(): string | null {
    return this.step?.when == null ? null : routeOf(this.step);
  }

  get hasEnded(): boolean {
    return this.standing.kind !== 'idle' && this.standing.kind !== 'running';
  }

  readiness(): Readiness {
    return this.step?.join === 'any' ? this.afterAny() : this.afterAll();
  }

  /** A failed node whose every successor went on with another's success does not fail the execution. */
  get isAbsorbed(): boolean {
    return (
      this.successors.length > 0 &&
      this.successors.every(({ step, standing }) => step?.join === 'any' && standing.kind !== 'blocked')
    );
  }

  private afterAll(): Readiness {
    const values: NodeValue[] = [];
    let last: Ended = { seq: 0, endedAt: 0 };
    let verdict: 'wait' | 'block' | 'skip' | 'begin' = 'begin';
    for (const { standing } of this.predecessors) {
      if (standing.kind === 'idle' || standing.kind === 'running') return { kind: 'wait' };
      if (standing.kind === 'completed') {
        values.push(standing.value);
        if (standing.ended.seq > last.seq) last = standing.ended;
      } else if (standing.kind !== 'skipped') verdict = 'block';
      else if (verdict === 'begin') verdict = 'skip';
    }
    return verdict === 'begin' ? { kind: 'begin', values, last } : { kind: verdict };
  }

  private afterAny(): Readiness {
    let first: Extract<Standing, { kind: 'completed' }> | null = null;
    let verdict: 'wait' | 'block' | 'skip' = 'skip';
    for (const { standing } of this.predecessors) {
      if (standing.kind === 'completed') {
        if (first === null || standing.ended.seq < first.ended.seq) first = standing;
      } else if (standing.kind === 'idle' || standing.kind === 'running') verdict = 'wait';
      else if (standing.kind !== 'skipped' && verdict !== 'wait') verdict = 'block';
    }
    return first === null ? { kind: verdict } : { kind: 'begin', values: [first.value], last: first.ended };
  }
}
