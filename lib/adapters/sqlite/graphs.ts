import { partsOfDefinition } from '../../model/definition.js';
import type { KeptGraph, StoredGraph } from '../../ports/store.js';
import type { Connection, Statement } from './connection.js';
import type { Registry } from './registry.js';
import { fromStored, toStored } from './stored-text.js';

/** How long a graph outlives its last declaration when nothing refers to it. */
const KEPT_MS = 7 * 24 * 60 * 60 * 1_000;

interface GraphRow {
  readonly worker: string;
  readonly fingerprint: string;
}

/** Graphs of workers, by worker and fingerprint. */
export class Graphs {
  private readonly insert: Statement<never>;
  private readonly select: Statement<
    GraphRow & { graph: string; first_declared_at: number; declared_at: number }
  >;
  private readonly selectOld: Statement<GraphRow>;
  private readonly remove: Statement<never>;

  constructor(
    connection: Connection,
    private readonly registry: Registry,
  ) {
    this.insert = connection.prepare(
      'INSERT INTO holdfast_graph (worker, fingerprint, graph, first_declared_at, declared_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (worker, fingerprint) DO UPDATE SET graph = excluded.graph, declared_at = excluded.declared_at',
    );
    this.select = connection.prepare(
      'SELECT fingerprint, graph, first_declared_at, declared_at FROM holdfast_graph WHERE worker = ?',
    );
    this.selectOld = connection.prepare(
      'SELECT worker, fingerprint FROM holdfast_graph WHERE declared_at <= ?',
    );
    this.remove = connection.prepare('DELETE FROM holdfast_graph WHERE worker = ? AND fingerprint = ?');
  }

  declare(graphs: readonly StoredGraph[], now: number): void {
    for (const { worker, fingerprint, graph } of graphs)
      this.insert.run([toStored(worker), toStored(fingerprint), toStored(graph), now, now]);
  }

  of(worker: string): KeptGraph[] {
    return this.select
      .all([toStored(worker)])
      .map(({ fingerprint, graph, first_declared_at, declared_at }) => ({
        worker,
        fingerprint: fromStored(fingerprint),
        graph: fromStored(graph),
        firstDeclaredAt: first_declared_at,
        declaredAt: declared_at,
      }));
  }

  hasUnused(now: number): boolean {
    return this.unused(now).length > 0;
  }

  /** Call it inside a write transaction. */
  prune(now: number): void {
    for (const { worker, fingerprint } of this.unused(now)) this.remove.run([worker, fingerprint]);
  }

  /** Declared long ago, and neither an open execution nor a live process has that form. */
  private unused(now: number): readonly GraphRow[] {
    const old = this.selectOld.all([now - KEPT_MS]);
    if (old.length === 0) return old;
    const used = new Set(
      this.registry
        .openDefinitions(now)
        .map(({ id, fingerprint }) =>
          JSON.stringify([toStored(partsOfDefinition(id).worker), toStored(fingerprint)]),
        ),
    );
    return old.filter(({ worker, fingerprint }) => !used.has(JSON.stringify([worker, fingerprint])));
  }
}
