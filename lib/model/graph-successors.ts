import type { NodeWiring, WiredGraph } from './graph-wiring.js';

/** What is gone and what is new between two graphs, and which of the new ones may have taken the place of which that is gone. */
export class Successors {
  /** Nodes that no node of the former graph has become. */
  readonly added: readonly NodeWiring[];
  private readonly gone: readonly NodeWiring[];
  private readonly likely = new Map<string, string>();

  constructor(
    old: WiredGraph,
    private readonly next: WiredGraph,
  ) {
    const images = new Set(old.nodes.map((node) => next.nodeOf(node.name)?.name));
    this.added = next.nodes.filter(({ name }) => !images.has(name));
    this.gone = old.nodes.filter(({ name }) => next.nodeOf(name) === null);
    for (const before of old.nodes) {
      const now = next.nodeOf(before.name);
      if (now !== null) this.pair(this.reasonsOf(before, now), this.newBefore(now));
    }
    for (const node of this.added) this.pair(this.branchesGoneFor(node), [node]);
  }

  /** The new name of a step that is gone, as far as its place in the graph tells; null: it does not. */
  likelyOf(name: string): string | null {
    return this.likely.get(name) ?? null;
  }

  /** The predecessors that are gone, where the new ones account for them one by one: what else could differ follows from it. */
  reasonsOf(before: NodeWiring, now: NodeWiring): readonly NodeWiring[] {
    const gone = this.gone.filter(({ name }) => before.after.includes(name));
    const kept = before.after.flatMap((name) => this.next.nodeOf(name)?.name ?? []);
    const isExplained =
      gone.length === this.newBefore(now).length &&
      now.after.length === before.after.length &&
      kept.every((name) => now.after.includes(name));
    return isExplained ? gone : [];
  }

  /** Branches that are gone from the route that a new branch stands on. */
  branchesGoneFor(node: NodeWiring): readonly NodeWiring[] {
    return this.gone.filter(
      (each) => each.route !== null && each.route === node.route && this.reaches(each, node),
    );
  }

  private reaches(gone: NodeWiring, node: NodeWiring): boolean {
    const after = gone.after.map((name) => this.next.nodeOf(name)?.name ?? this.likely.get(name) ?? name);
    return gone.join === node.join && after.toSorted().join('\n') === node.after.join('\n');
  }

  private newBefore({ after }: NodeWiring): readonly NodeWiring[] {
    return this.added.filter(({ name }) => after.includes(name));
  }

  private pair(gone: readonly NodeWiring[], added: readonly NodeWiring[]): void {
    const [from, to] = [gone[0], added[0]];
    if (from === undefined || to === undefined || gone.length > 1 || added.length > 1) return;
    if (from.kind === to.kind) this.likely.set(from.name, to.name);
  }
}
