import { NoRouteError } from '../model/errors-graph.js';
import { NonRetryableError } from '../model/errors-step.js';
import { namesOf } from '../model/path.js';
import type { Replay } from '../step/replay.js';
import type { GraphNode } from './graph-node.js';
import type { NodeValue } from './node-value.js';

/** Which branches a route takes: decided once, when what it comes after is done, and again by its recorded rows. */
export class Routes {
  private readonly taken = new Map<string, ReadonlySet<GraphNode>>();

  constructor(
    private readonly nodes: readonly GraphNode[],
    private readonly replay: Replay | null,
    private readonly pathOf: (node: GraphNode) => string,
    /** Records that the branch is not taken: of all branches before the first begins, so that no crash halves the decision. */
    private readonly skip: (node: GraphNode) => void,
  ) {}

  /** Whether the node, a branch of a route, is taken; those that are not have been skipped. Throws `NoRouteError`, and what a predicate throws. */
  takes(node: GraphNode, values: readonly NodeValue[]): boolean {
    const route = node.route ?? '';
    let taken = this.taken.get(route);
    if (taken === undefined) {
      const branches = this.nodes.filter((branch) => branch.route === route);
      taken = this.recorded(branches) ?? decide(branches, values, this.pathOf);
      this.taken.set(route, taken);
      for (const branch of branches) if (!taken.has(branch)) this.skip(branch);
    }
    return taken.has(node);
  }

  /** A predicate that would answer otherwise today does not change what was decided. */
  private recorded(branches: readonly GraphNode[]): ReadonlySet<GraphNode> | null {
    const { replay } = this;
    if (replay === null || !branches.some((branch) => replay.isDecided(this.pathOf(branch)))) return null;
    return new Set(branches.filter((branch) => !replay.isSkipped(this.pathOf(branch))));
  }
}

function decide(
  branches: readonly GraphNode[],
  values: readonly NodeValue[],
  pathOf: (node: GraphNode) => string,
): ReadonlySet<GraphNode> {
  const taken = new Set<GraphNode>();
  for (const branch of branches) {
    const { when } = branch.step ?? {};
    if (when?.kind !== 'predicate') continue;
    const answer: unknown = when.test(...(values.map((value) => value.take()) as never[]));
    if (typeof answer !== 'boolean')
      throw new NonRetryableError(
        `the condition of '${namesOf(pathOf(branch))}' answered with ${typeof answer}: write when: (value) => boolean, without async`,
      );
    if (answer) taken.add(branch);
  }
  if (taken.size > 0) return taken;
  const otherwise = branches.filter(({ step }) => step?.when?.kind === 'otherwise');
  if (otherwise.length > 0) return new Set(otherwise);
  const [first] = branches;
  throw new NoRouteError(
    (first?.step?.after ?? []).join(', '),
    branches.map(({ step }) => step?.name ?? ''),
  );
}
