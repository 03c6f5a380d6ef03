import type { Checkpoint } from '../model/checkpoint.js';
import { compareGraphs } from '../model/compare-graphs.js';
import { partsOfDefinition, type WorkerDefinition } from '../model/definition.js';
import { GraphMismatchError } from '../model/errors-graph.js';
import type { DefinitionRef, ExecutionRecord } from '../model/execution.js';
import { type GraphComparison, type GraphDifference, isCompatible } from '../model/graph-comparison.js';
import { recordedNames } from '../model/recorded-names.js';
import type { StepGraph } from '../model/step-graph.js';
import type { Store } from '../ports/store.js';
import { StoredGraphs } from './stored-graphs.js';

/** Whether an execution that ran on another graph may go on with this one. */
export type GraphFit =
  | { readonly kind: 'fits' }
  /** It fits the graph of another live process, and is handed to it. */
  | { readonly kind: 'elsewhere'; readonly definition: DefinitionRef }
  /** `undoes`: what it has recorded has compensations in its own graph. */
  | {
      readonly kind: 'mismatch';
      readonly error: GraphMismatchError;
      readonly differences: readonly GraphDifference[];
      readonly undoes: boolean;
    };

const FITS: GraphFit = { kind: 'fits' };

/** Keeps executions from going on with a graph that does not fit what they have recorded: before any code of users runs. */
export class DeployGate {
  private readonly graphs: StoredGraphs;

  constructor(private readonly store: Pick<Store, 'graphs' | 'processes'>) {
    this.graphs = new StoredGraphs(store);
  }

  /** `journal`: the rows that a pass would load, as they are stored. Of a graph that nobody keeps any more nothing is known: it fits. */
  async check(
    worker: WorkerDefinition,
    record: Pick<ExecutionRecord, 'id' | 'definition' | 'epoch'>,
    journal: readonly Checkpoint[],
  ): Promise<GraphFit> {
    const { definition } = record;
    const old = await this.graphs.find(worker.id, definition.fingerprint);
    if (old === null) return FITS;
    const { method } = partsOfDefinition(definition.id);
    const flight = { id: record.id, handler: method, recorded: recordedNames(journal, record.epoch) };
    const compare = (next: StepGraph): GraphComparison => compareGraphs(old, next, [flight]);
    const comparison = compare(worker.graph);
    if (isCompatible(comparison.verdict)) return FITS;
    for (const other of await this.others(worker, definition)) {
      const graph = await this.graphs.find(worker.id, other.fingerprint);
      if (graph !== null && isCompatible(compare(graph).verdict))
        return { kind: 'elsewhere', definition: other };
    }
    const { differences } = comparison;
    const error = new GraphMismatchError([record.id], definition.id, differences);
    const undoes = old.edges.some(({ kind, from }) => kind === 'compensation' && flight.recorded.has(from));
    return { kind: 'mismatch', error, differences, undoes };
  }

  /** Whether an execution of that form may have recorded something that does not fit; false too when its graph is unknown. */
  async mayMismatch(worker: WorkerDefinition, { id, fingerprint }: DefinitionRef): Promise<boolean> {
    const old = await this.graphs.find(worker.id, fingerprint);
    if (old === null) return false;
    const names = old.nodes.flatMap(({ name, renamedFrom }) => [name, ...renamedFrom]);
    const any = { id: '', handler: partsOfDefinition(id).method, recorded: new Set(names) };
    return !isCompatible(compareGraphs(old, worker.graph, [any]).verdict);
  }

  /** Other forms of that definition that live processes run. */
  private async others(worker: WorkerDefinition, { id }: DefinitionRef): Promise<readonly DefinitionRef[]> {
    const live = await this.store.processes();
    return live
      .filter(({ role }) => role !== 'publisher')
      .flatMap(({ definitions }) => definitions)
      .filter((ref) => ref.id === id && ref.fingerprint !== worker.graph.fingerprint);
  }
}
