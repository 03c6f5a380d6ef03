import { OneOf } from './expected-outcome.js';
import { itemsOfStep, rootValue, valueOfStep } from './graph-value.js';
import { ROOT, STEP_ATTEMPTS, type Graph, type GraphStep } from './random-graph.js';

/** How a step of a graph ends when nothing goes wrong with machines. `blocked`: what it comes after failed. */
export type ExpectedStep =
  /** `values`: one, or one for each item. */
  | { readonly kind: 'completed'; readonly values: readonly unknown[]; readonly value: unknown }
  | { readonly kind: 'failed' | 'skipped' | 'blocked' };

export interface ExpectedGraph {
  readonly status: 'completed' | 'failed';
  readonly steps: ReadonlyMap<string, ExpectedStep>;
}

/** Found by reading the graph: no engine, no clock. */
export function expectedGraph(graph: Graph, event: unknown): ExpectedGraph {
  const root = rootValue(event);
  const ends = new Map<string, ExpectedStep>([[ROOT, { kind: 'completed', values: [root], value: root }]]);
  for (const step of graph.steps) ends.set(step.name, endOf(graph, step, ends));
  const isFailed = graph.steps.some(
    ({ name }) => ends.get(name)?.kind === 'failed' && !isAbsorbed(graph, name, ends),
  );
  return { status: isFailed ? 'failed' : 'completed', steps: ends };
}

type Ends = ReadonlyMap<string, ExpectedStep>;

function endOf(graph: Graph, step: GraphStep, ends: Ends): ExpectedStep {
  const before = step.after.map((name) => ends.get(name) as ExpectedStep);
  const args = step.join === 'any' ? firstOf(before) : allOf(before);
  if (typeof args === 'string') return { kind: args };
  const taken = isTaken(graph, step);
  if (taken === null) return { kind: 'failed' };
  if (!taken) return { kind: 'skipped' };
  if (step.throws >= STEP_ATTEMPTS && step.items?.count !== 0) return { kind: 'failed' };
  if (step.items === null) {
    const value = valueOfStep(step, args);
    return { kind: 'completed', values: [value], value };
  }
  const values = itemsOfStep(step, args).map((item) => valueOfStep(step, [item]));
  return { kind: 'completed', values, value: values };
}

function allOf(before: readonly ExpectedStep[]): readonly unknown[] | 'blocked' | 'skipped' {
  if (before.some(({ kind }) => kind === 'failed' || kind === 'blocked')) return 'blocked';
  if (before.some(({ kind }) => kind === 'skipped')) return 'skipped';
  return valuesOf(before);
}

function firstOf(before: readonly ExpectedStep[]): readonly unknown[] | 'blocked' | 'skipped' {
  const values = valuesOf(before);
  if (values.length > 0) return [new OneOf(values)];
  return before.some(({ kind }) => kind !== 'skipped') ? 'blocked' : 'skipped';
}

function valuesOf(before: readonly ExpectedStep[]): readonly unknown[] {
  return before.flatMap((each) => (each.kind === 'completed' ? [each.value] : []));
}

/** Null: no branch of its route is taken. */
function isTaken({ steps }: Graph, step: GraphStep): boolean | null {
  if (step.when === null) return true;
  const routeOf = ({ after, join }: GraphStep): string => JSON.stringify([join, after]);
  const branches = steps.filter((other) => other.when !== null && routeOf(other) === routeOf(step));
  if (branches.some(({ when }) => when === true)) return step.when === true;
  return branches.some(({ when }) => when === 'otherwise') ? step.when === 'otherwise' : null;
}

/** All that came after it went on with another's success. */
function isAbsorbed({ steps }: Graph, name: string, ends: Ends): boolean {
  const next = steps.filter(({ after }) => after.includes(name));
  return (
    next.length > 0 && next.every((step) => step.join === 'any' && ends.get(step.name)?.kind !== 'blocked')
  );
}
