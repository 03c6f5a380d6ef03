import { StoredGraphs } from '../engine/stored-graphs.js';
import { compareGraphs, handlerIsGone } from '../model/compare-graphs.js';
import { partsOfDefinition, type WorkerDefinition } from '../model/definition.js';
import type { ExecutionRecord, ExecutionStatus } from '../model/execution.js';
import { type GraphComparison, type InFlight, MOST_NAMED } from '../model/graph-comparison.js';
import { recordedNames } from '../model/recorded-names.js';
import { executionsOf } from '../ports/executions-of.js';
import type { Store } from '../ports/store.js';
import { countedExecutions } from './counted-executions.js';
import { mergeComparisons } from './merge-comparisons.js';

const OPEN: readonly ExecutionStatus[] = ['pending', 'running', 'waiting', 'parked'];

/** How one worker fits what is in flight. */
export interface WorkerReport extends GraphComparison {
  readonly worker: string;
  /** Executions that have not ended, of every version. */
  readonly inFlight: number;
}

/** How all workers of a module fit what is in flight. It may be deployed where each is `same` or `additive`, and none is missing. */
export interface CheckReport {
  readonly workers: readonly WorkerReport[];
  /** Workers with executions in flight that the module does not export, and how many executions. */
  readonly missing: readonly { readonly worker: string; readonly inFlight: number }[];
}

type CheckedStore = Pick<Store, 'list' | 'journal' | 'graphs' | 'counts'>;

/** Compares each worker with its executions in flight. Only reads. */
export async function checkWorkers(
  workers: readonly WorkerDefinition[],
  store: CheckedStore,
): Promise<CheckReport> {
  const reports: WorkerReport[] = [];
  for (const worker of workers) reports.push(await checkWorker(worker, store));
  const exported = new Set(workers.map(({ id }) => id));
  const missing = new Map<string, number>();
  for (const { definition, status, count } of await store.counts()) {
    const { worker } = partsOfDefinition(definition);
    if (OPEN.includes(status) && !exported.has(worker))
      missing.set(worker, (missing.get(worker) ?? 0) + count);
  }
  return { workers: reports, missing: Array.from(missing, ([worker, inFlight]) => ({ worker, inFlight })) };
}

async function checkWorker(worker: WorkerDefinition, store: CheckedStore): Promise<WorkerReport> {
  const byFingerprint = new Map<string, InFlight[]>();
  let inFlight = 0;
  for await (const record of openExecutions(worker.id, store)) {
    inFlight++;
    const { fingerprint, id } = record.definition;
    if (fingerprint === worker.graph.fingerprint) continue;
    const recorded = recordedNames(await store.journal(record.id), record.epoch);
    const flight = { id: record.id, handler: partsOfDefinition(id).method, recorded };
    const others = byFingerprint.get(fingerprint);
    if (others === undefined) byFingerprint.set(fingerprint, [flight]);
    else others.push(flight);
  }
  const graphs = new StoredGraphs(store);
  const handlers = new Set(worker.handlers.map(({ method }) => method));
  const comparisons: GraphComparison[] = [];
  for (const [fingerprint, flights] of byFingerprint) {
    const old = await graphs.find(worker.id, fingerprint);
    comparisons.push(old === null ? unknown(flights, handlers) : compareGraphs(old, worker.graph, flights));
  }
  return { worker: worker.id, inFlight, ...mergeComparisons(comparisons) };
}

/** Their own graph is not kept: they are adopted where their handler is there, and what does not fit is found when they go on. */
function unknown(flights: readonly InFlight[], handlers: ReadonlySet<string>): GraphComparison {
  const adopted = flights.filter(({ handler }) => handlers.has(handler)).length;
  const what = `${countedExecutions(adopted)} began on a graph that is not kept: what does not fit is found when they go on`;
  const begun: GraphComparison = {
    verdict: 'additive',
    differences: [{ verdict: 'additive', step: '', what, executions: [], count: 0, write: null }],
  };
  const gone = [...new Set(flights.map(({ handler }) => handler))].filter((name) => !handlers.has(name));
  const waiting = gone.map((name): GraphComparison => {
    const ids = flights.filter(({ handler }) => handler === name).map(({ id }) => id);
    const about = { step: name, ...handlerIsGone(name) };
    const executions = ids.slice(0, MOST_NAMED);
    const verdict = 'needs mapping';
    return { verdict, differences: [{ verdict, ...about, executions, count: ids.length }] };
  });
  return mergeComparisons(adopted === 0 ? waiting : [...waiting, begun]);
}

async function* openExecutions(worker: string, store: CheckedStore): AsyncGenerator<ExecutionRecord> {
  for (const status of OPEN) yield* executionsOf(store, { worker, status });
}

/** Whether everything in flight can go on with this module, and be undone as it could. */
export function mayBeDeployed({ workers, missing }: CheckReport): boolean {
  return missing.length === 0 && workers.every(isDeployable);
}

/** `same` or `additive`. */
export function isDeployable({ verdict }: Pick<WorkerReport, 'verdict'>): boolean {
  return verdict === 'same' || verdict === 'additive';
}
