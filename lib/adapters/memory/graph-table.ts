import type { DefinitionRef } from '../../model/execution.js';
import { partsOfDefinition } from '../../model/definition.js';
import type { KeptGraph, StoredGraph } from '../../ports/store.js';
import { plainCopy } from './plain-copy.js';

interface Declared {
  readonly graph: StoredGraph;
  readonly firstDeclaredAt: number;
  readonly declaredAt: number;
}

/** How long a graph outlives its last declaration when nothing refers to it. */
const KEPT_MS = 7 * 24 * 60 * 60 * 1_000;

/** Graphs by worker and fingerprint. */
export class GraphTable {
  private readonly byWorker = new Map<string, Map<string, Declared>>();

  add(graph: StoredGraph, declaredAt: number, firstDeclaredAt = declaredAt): void {
    let graphs = this.byWorker.get(graph.worker);
    if (graphs === undefined) this.byWorker.set(graph.worker, (graphs = new Map()));
    const known = graphs.get(graph.fingerprint);
    const first = known?.firstDeclaredAt ?? firstDeclaredAt;
    graphs.set(graph.fingerprint, { graph: plainCopy(graph), firstDeclaredAt: first, declaredAt });
  }

  of(worker: string): readonly KeptGraph[] {
    return Array.from(this.byWorker.get(worker)?.values() ?? [], ({ graph, ...instants }) => ({
      ...graph,
      ...instants,
    }));
  }

  all(): readonly Declared[] {
    return [...this.byWorker.values()].flatMap((graphs) => [...graphs.values()]);
  }

  /** Drops what was declared long ago and is none of those that `used` gives. */
  prune(now: number, used: () => readonly DefinitionRef[]): void {
    const old = this.all().filter(({ declaredAt }) => declaredAt + KEPT_MS <= now);
    if (old.length === 0) return;
    const kept = new Set(
      used().map(({ id, fingerprint }) => keyOf({ worker: partsOfDefinition(id).worker, fingerprint })),
    );
    for (const { graph } of old) {
      if (kept.has(keyOf(graph))) continue;
      const graphs = this.byWorker.get(graph.worker);
      graphs?.delete(graph.fingerprint);
      if (graphs?.size === 0) this.byWorker.delete(graph.worker);
    }
  }
}

function keyOf({ worker, fingerprint }: Pick<StoredGraph, 'worker' | 'fingerprint'>): string {
  return JSON.stringify([worker, fingerprint]);
}
