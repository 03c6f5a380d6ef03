import type { Definitions } from '../engine/definitions.js';
import type { DeployGate } from '../engine/deploy-gate.js';
import type { WorkerDefinition } from '../model/definition.js';
import { GraphMismatchError } from '../model/errors-graph.js';
import type { DefinitionRef, ExecutionRecord } from '../model/execution.js';
import { type GraphDifference, MOST_NAMED } from '../model/graph-comparison.js';
import type { MessageId } from '../model/ids.js';
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

/** What a survey of one former graph has found. */
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
    for (const ref of orphans) {
      const worker = this.parts.definitions.handler(ref.id)?.worker;
      if (worker === undefined || !this.parts.isStarted()) continue;
      const key = JSON.stringify([ref.id, ref.fingerprint, worker.graph.fingerprint]);
      if (this.seen.has(key)) continue;
      this.seen.add(key);
      try {
        if (!(await this.compare(worker, ref))) this.seen.delete(key);
      } catch (error) {
        // The next sweep tries again.
        this.seen.delete(key);
        if (this.parts.isStarted()) this.fault(error);
      }
    }
  }

  /** False: it was stopped before its end. */
  private async compare(worker: WorkerDefinition, ref: DefinitionRef): Promise<boolean> {
    if (!(await this.parts.deployGate.mayMismatch(worker, ref))) return true;
    const findings: Findings = { ids: [], count: 0, differences: new Map() };
    // Those that wait come last: they are made due, and would be counted again.
    for (const status of ['pending', 'running', 'waiting'] as const)
      for await (const record of executionsOf(this.parts.store, { worker: worker.id, status })) {
        if (!this.parts.isStarted()) return false;
        const { definition } = record;
        if (definition.id === ref.id && definition.fingerprint === ref.fingerprint)
          await this.consider(worker, record, findings);
      }
    if (findings.count > 0)
      this.fault(
        new GraphMismatchError(findings.ids, ref.id, [...findings.differences.values()], findings.count),
      );
    return true;
  }

  private async consider(
    worker: WorkerDefinition,
    record: ExecutionRecord,
    findings: Findings,
  ): Promise<void> {
    const { store, deployGate, writer } = this.parts;
    const fit = await deployGate.check(worker, record, await store.journal(record.id));
    if (fit.kind !== 'mismatch') return;
    findings.count++;
    if (findings.ids.length < MOST_NAMED) findings.ids.push(record.id);
    for (const difference of fit.differences) findings.differences.set(difference.what, difference);
    if (record.status !== 'waiting') return;
    const id = `graph:${record.definition.fingerprint}:${worker.graph.fingerprint}` as MessageId;
    await writer.write({ kind: 'append', message: { id, to: record.id, kind: 'graph', body: null } });
  }

  private fault(error: unknown): void {
    tellFault(this.parts, 'compare graphs', error);
  }
}
