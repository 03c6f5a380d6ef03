import type { Definitions } from '../engine/definitions.js';
import type { DeployGate } from '../engine/deploy-gate.js';
import type { WorkerDefinition } from '../model/definition.js';
import type { DefinitionRef, ExecutionRecord } from '../model/execution.js';
import { byRemedy, type GraphDifference, MOST_NAMED } from '../model/graph-comparison.js';
import type { MessageId } from '../model/ids.js';
import { misfitMessage } from '../model/misfit-message.js';
import type { Clock } from '../ports/clock.js';
import type { Observer } from '../ports/observer.js';
import { executionsOf } from '../ports/executions-of.js';
import type { Store } from '../ports/store.js';
import type { Verdict, Write } from '../ports/store-write.js';
import { tellFault } from '../ports/tell-fault.js';

export interface GraphSurveyParts {
  readonly store: Pick<Store, 'list' | 'journal'>;
  readonly definitions: Definitions;
  readonly deployGate: DeployGate;
  readonly writer: { write(write: Write): Promise<Verdict> };
  readonly observer: Observer;
  readonly clock: Clock;
  /** False: nothing more is read or written. */
  readonly isStarted: () => boolean;
}

/** What a survey of former graphs of one worker has found. */
interface Findings {
  readonly ids: string[];
  count: number;
  readonly differences: Map<string, GraphDifference>;
}

/**
 * Looks through the executions of graphs that no live process runs, once for each: those that do not fit the present graph
 * are told together, and those of them that wait are made due, so that they are parked now and not when they would wake.
 */
export class GraphSurvey {
  private readonly seen = new Set<string>();

  constructor(private readonly parts: GraphSurveyParts) {}

  async look(orphans: readonly DefinitionRef[]): Promise<void> {
    const byWorker = new Map<WorkerDefinition, DefinitionRef[]>();
    for (const ref of orphans) {
      const worker = this.parts.definitions.taker(ref.id)?.worker;
      if (worker === undefined || this.seen.has(keyOf(worker, ref))) continue;
      const others = byWorker.get(worker);
      if (others === undefined) byWorker.set(worker, [ref]);
      else others.push(ref);
    }
    for (const [worker, refs] of byWorker) await this.lookAt(worker, refs);
  }

  private async lookAt(worker: WorkerDefinition, refs: readonly DefinitionRef[]): Promise<void> {
    if (!this.parts.isStarted()) return;
    const keys = refs.map((ref) => keyOf(worker, ref));
    for (const key of keys) this.seen.add(key);
    // The next sweep tries again.
    const forget = (): void => keys.forEach((key) => this.seen.delete(key));
    try {
      if (!(await this.compare(worker, refs))) forget();
    } catch (error) {
      forget();
      if (this.parts.isStarted()) tellFault(this.parts, 'compare graphs', error);
    }
  }

  /** False: it was stopped before its end. */
  private async compare(worker: WorkerDefinition, refs: readonly DefinitionRef[]): Promise<boolean> {
    const suspects = new Set<string>();
    for (const ref of refs)
      if (await this.parts.deployGate.mayMismatch(worker, ref)) suspects.add(keyOf(worker, ref));
    if (suspects.size === 0) return true;
    const findings: Findings = { ids: [], count: 0, differences: new Map() };
    // Those that wait come last: they are made due, and would be counted again.
    for (const status of ['pending', 'running', 'waiting'] as const)
      for await (const record of executionsOf(this.parts.store, { worker: worker.id, status })) {
        if (!this.parts.isStarted()) return false;
        if (suspects.has(keyOf(worker, record.definition))) await this.consider(worker, record, findings);
      }
    if (findings.count > 0) this.tell(worker, findings);
    return true;
  }

  private async consider(
    worker: WorkerDefinition,
    record: ExecutionRecord,
    findings: Findings,
  ): Promise<void> {
    const { store, deployGate, writer, definitions } = this.parts;
    const journal = await store.journal(record.id);
    if (definitions.takerOf(record, journal)?.isHeir === true) return;
    const fit = await deployGate.check(worker, record, journal);
    if (fit.kind !== 'mismatch') return;
    findings.count++;
    if (findings.ids.length < MOST_NAMED) findings.ids.push(record.id);
    for (const difference of fit.differences) findings.differences.set(difference.what, difference);
    if (record.status !== 'waiting') return;
    const id = `graph:${record.definition.fingerprint}:${worker.graph.fingerprint}` as MessageId;
    await writer.write({ kind: 'append', message: { id, to: record.id, kind: 'graph', body: null } });
  }

  private tell(worker: WorkerDefinition, { ids, count, differences }: Findings): void {
    const { observer, clock } = this.parts;
    const sorted = [...differences.values()].sort(byRemedy);
    const message = misfitMessage(worker.id, { ids, count }, sorted);
    observer.emit({
      name: 'app.misfit',
      worker: worker.id,
      message,
      executions: ids,
      count,
      at: clock.now(),
    });
  }
}

function keyOf(worker: WorkerDefinition, { id, fingerprint }: DefinitionRef): string {
  return JSON.stringify([id, fingerprint, worker.graph.fingerprint]);
}
