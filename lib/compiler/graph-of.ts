import type { DeclaredStep } from '../model/declared-step.js';
import type { HandlerDefinition, StepDefinition, WorkerDefinition } from '../model/definition.js';
import type { PolicyKey } from '../model/policies.js';
import type {
  GraphEdge,
  GraphLimit,
  GraphNode,
  GraphNodeKind,
  GraphPolicies,
  StepGraph,
} from '../model/step-graph.js';
import { compileGraph } from './compile-graph.js';

/** The graph that a worker's handlers, steps and compensations make. */
export function graphOf(
  worker: Pick<WorkerDefinition, 'id' | 'handlers' | 'steps' | 'compensations' | 'renames'>,
): StepGraph {
  const { handlers, steps, compensations, renames } = worker;
  const declared = new Map(handlers.flatMap((handler) => handler.declared.map((step) => [step.name, step])));
  const undoes = new Set(compensations.values());
  const nodes: GraphNode[] = [
    ...handlers.map((handler) => nodeOf('handler', handler.method, handler)),
    ...[...steps.values()].map((step) => {
      const kind = undoes.has(step.name) ? 'compensation' : declared.has(step.name) ? 'declared' : 'step';
      const renamedFrom = Object.freeze(
        [...renames.keys()].filter((old) => renames.get(old) === step.name).sort(),
      );
      return { ...nodeOf(kind, step.name, step), renamedFrom, ...wiringOf(declared.get(step.name)) };
    }),
  ];
  const edges: GraphEdge[] = [
    ...[...declared.values()].flatMap(({ name, after }) =>
      after.map((from) => ({ from, to: name, kind: 'after' as const })),
    ),
    ...[...compensations].map(([from, to]) => ({ from, to, kind: 'compensation' as const })),
  ];
  return compileGraph(worker.id, nodes, edges);
}

const NO_NAMES: readonly string[] = Object.freeze([]);

function nodeOf(
  kind: GraphNodeKind,
  name: string,
  definition: HandlerDefinition | StepDefinition,
): GraphNode {
  const { description } = definition;
  return {
    name,
    kind,
    description,
    renamedFrom: NO_NAMES,
    ...wiringOf(undefined),
    policies: policiesOf(definition),
  };
}

function wiringOf(step: DeclaredStep | undefined): Pick<GraphNode, 'join' | 'route' | 'fanOut'> {
  if (step === undefined) return { join: null, route: null, fanOut: null };
  return {
    join: step.after.length > 1 ? step.join : null,
    route: step.when?.kind ?? null,
    fanOut: step.each === null ? null : Object.freeze({ concurrency: step.each.concurrency }),
  };
}

function policiesOf(definition: HandlerDefinition | StepDefinition): GraphPolicies {
  const { retry, timeoutMs, concurrency, rateLimit } = definition;
  return Object.freeze({
    maxAttempts: Number.isFinite(retry.maxAttempts) ? retry.maxAttempts : null,
    timeoutMs,
    concurrency: concurrency === null ? null : Object.freeze(limitOf(concurrency)),
    rateLimit: rateLimit === null ? null : Object.freeze({ ...limitOf(rateLimit), perMs: rateLimit.perMs }),
    priority: 'priority' in definition ? definition.priority : 0,
  });
}

function limitOf(policy: { readonly limit: number; readonly key: PolicyKey | null }): GraphLimit {
  return { limit: policy.limit, key: policy.key === null ? null : (policy.key.path ?? 'function') };
}
