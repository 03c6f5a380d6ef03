import { jsonCodec } from '../../lib/adapters/codec/json-codec.js';
import type { ExecutionRecord } from '../../lib/model/execution.js';
import type { ExecutionId } from '../../lib/model/ids.js';
import type { EventDefinition } from '../../lib/ports/event-checker.js';
import { GuaranteeViolatedError } from '../../lib/testing/simulation/guarantee-violated-error.js';
import type { Simulation } from '../../lib/testing/simulation/simulation.js';
import { type ActorPlan, checkActors, expectedTurn } from './actor-plan.js';
import { type BatchPlan, checkBatches } from './batch-worker.js';
import { expectedGraph } from './expected-graph.js';
import { expectedOutcome } from './expected-outcome.js';
import { checkGraph } from './graph-outcomes.js';
import { graphOf } from './graph-worker.js';
import { checkJobs, type JobPlan } from './job-worker.js';
import { arrivalsIn, misfit } from './misfit.js';
import { arrivalEvent, childEvent, programEvent } from './program-worker.js';
import type { Graph } from './random-graph.js';
import type { Node, Program } from './random-program.js';
import { checkInstants, type DrawnSchedule } from './random-schedule.js';

const codec = jsonCodec();

/** What one seed runs. */
export interface Plan {
  readonly programs: readonly Program[];
  readonly graphs: readonly Graph[];
  readonly schedules: readonly DrawnSchedule[];
  readonly actors: ActorPlan;
  readonly batches: BatchPlan;
  readonly jobs: JobPlan;
}

/** The definition that each instant of that schedule runs. */
export function tickOf(schedule: number): string {
  return `program.tick${schedule}`;
}

/** Compares what became of everything accepted with what the programs say. */
export class Outcomes {
  constructor(
    private readonly simulation: Simulation,
    private readonly plan: Plan,
  ) {}

  async check(): Promise<void> {
    const records = await this.simulation.records();
    this.checkAccepted(records);
    const children = new Map<string, number>();
    for (const record of records.values())
      if (record.eventName === childEvent.name)
        children.set(record.input, (children.get(record.input) ?? 0) + 1);
    for (const record of records.values()) {
      const program = this.programOf(record);
      if (program !== null) this.checkProgram(record, program, children);
      else if (graphOf(record.definition.id) !== null) await this.checkGraph(record);
      else if (!/^(gatherer|jobs)\./.test(record.definition.id))
        this.checkStatus(record, expectedTurn(record) ?? 'completed');
    }
    for (const [input, count] of children) {
      const { parent } = codec.decode(input) as { readonly parent: ExecutionId };
      // `retry({ from })` forgets that it was published: each epoch may publish it again, and so may each turn.
      const { epoch = 0, turn = 0 } = records.get(parent) ?? {};
      const most = (1 + epoch) * (1 + turn);
      if (count > most) this.broken('I2', `${count} executions of child ${input}`);
    }
    const broken = (rule: string, what: string): never => this.broken(rule, what);
    await checkActors(this.simulation, records, this.plan.actors, broken);
    await checkBatches(this.simulation, records, this.plan.batches, broken);
    await checkJobs(this.simulation, records, this.plan.jobs, broken);
    for (const [at, schedule] of this.plan.schedules.entries())
      checkInstants(this.simulation, tickOf(at), schedule, broken);
  }

  /** The program that the execution runs; null: none. */
  private programOf({ definition, input }: ExecutionRecord): Program | null {
    const { programs, schedules } = this.plan;
    const drawn = schedules.find((_, at) => tickOf(at) === definition.id);
    if (drawn !== undefined) return programs[drawn.program] ?? null;
    if (definition.id !== 'program.run') return null;
    const { program } = codec.decode(input) as { readonly program: number };
    return programs[program] ?? null;
  }

  private async checkGraph(record: ExecutionRecord): Promise<void> {
    const graph = this.plan.graphs[graphOf(record.definition.id) ?? 0] as Graph;
    const { status } = expectedGraph(graph, codec.decode(record.input));
    const messages = this.simulation.model.records.get(record.id)?.messages ?? 0;
    if (!this.checkStatus(record, status) && record.status !== 'cancelled') return;
    if (messages > 0) return;
    const journal = await this.simulation.store.journal(record.id);
    checkGraph(record, journal, graph, codec, (rule, what) => this.broken(rule, what));
  }

  private checkAccepted(records: ReadonlyMap<ExecutionId, ExecutionRecord>): void {
    for (const { request, published } of this.simulation.accepted) {
      const ids = new Set(published.executions.map(({ executionId }) => executionId));
      if (ids.size !== executionsOf(request.definition))
        this.broken('I2', `event ${published.eventId} has ${ids.size} executions`);
      for (const id of ids) if (!records.has(id)) this.broken('I1', `${id} was accepted and does not exist`);
    }
    const seen = new Set<string>();
    for (const { eventId, definition, session } of records.values()) {
      const name = JSON.stringify([session, eventId, definition.id]);
      if (seen.has(name)) this.broken('I2', `two executions of ${name}`);
      seen.add(name);
    }
  }

  private checkProgram(
    record: ExecutionRecord,
    program: Program,
    children: ReadonlyMap<string, number>,
  ): void {
    const { nodes } = program;
    const expected = expectedOutcome(program);
    if (
      !this.checkStatus(record, expected.status) ||
      record.status !== 'completed' ||
      expected.status !== 'completed'
    )
      return;
    const value = codec.decode(record.value ?? 'null');
    const arrivals = arrivalsIn(value);
    if (new Set(arrivals).size < arrivals.length)
      this.broken('I22', `${record.id} got an event twice: ${arrivals.join(', ')}`);
    const where = misfit(value, expected.value);
    // After `retry()` what had failed runs again, in its own time: calls told apart by order alone may change places.
    const isReordered = record.epoch > 0 && uses(nodes, '"bare":true');
    const mayDiffer = (uses(nodes, '"step":"once"') && record.fence > 1) || isReordered;
    if (where !== null && !mayDiffer)
      this.broken('value', `${record.id} differs at ${where}: it gave ${String(record.value)}`);
    if (mayDiffer) return;
    for (const site of expected.publishes) {
      const input = codec.encode({ parent: record.id, site });
      if ((children.get(input) ?? 0) === 0)
        this.broken('I2', `${children.get(input) ?? 0} executions of child ${input}`);
    }
  }

  /** Whether the execution ended as planned; other ends need a reason. */
  private checkStatus(record: ExecutionRecord, planned: 'completed' | 'failed' | 'parked'): boolean {
    if (record.status === planned) return true;
    const messages = this.simulation.model.records.get(record.id)?.messages ?? 0;
    const error = record.error ?? '';
    const excused =
      (record.status === 'cancelled' && messages > 0) ||
      (record.status === 'parked' && error.includes('POISONED')) ||
      (record.status === 'failed' && error.includes('STEP_INTERRUPTED')) ||
      (record.status === 'completed' && messages > 0);
    if (!excused)
      this.broken(
        'outcome',
        `${record.id} is ${record.status} instead of ${planned}: ${error.slice(0, 400)}`,
      );
    return false;
  }

  private broken(rule: string, what: string): never {
    throw new GuaranteeViolatedError(rule, what);
  }
}

/** How many executions such an event starts. */
function executionsOf(event: EventDefinition): number {
  if (event === arrivalEvent) return 0;
  return event === programEvent ? 2 : 1;
}

function uses(nodes: readonly Node[], what: string): boolean {
  return JSON.stringify(nodes).includes(what);
}
