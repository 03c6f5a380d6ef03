import type { NewEvent, Verdict, Write } from '../../ports/store-write.js';
import { isSettled } from '../../model/execution.js';
import { encodeName, namesOf } from '../../model/path.js';
import { partsOfDefinition } from '../../model/definition.js';
import { BOUNDARIES_OF, type Boundary, type CrashCell, type Stage } from './boundary.js';

/** A cell as the clean run met it. Those of one write and boundary are one crash. */
export interface SeenCell extends CrashCell {
  /** Number of the body or write. */
  readonly moment: string;
}

/** Counts the boundaries that a run comes to, and springs a trap at one of them. */
export class RunWatch {
  /** Resolves at the trap. */
  readonly sprung: Promise<void>;
  isSprung = false;
  /** What a process wrote that had lost its lease. */
  wasRefused = false;
  /** Names of the events that were accepted, and what they carried to each execution. */
  readonly published: (readonly [event: string, input: string | null])[] = [];
  readonly cells: SeenCell[] = [];
  private readonly counts = new Map<string, number>();
  private readonly definitions = new Map<string, string>();
  private writes = 0;
  private bodies = 0;
  private spring!: () => void;

  /** `trap` null: the run is only watched. */
  constructor(private readonly trap: CrashCell | null) {
    this.sprung = new Promise((resolve) => {
      this.spring = (): void => {
        this.isSprung = true;
        resolve();
      };
    });
  }

  /** A body is about to begin; true: the process dies here. Then `arrived`. */
  bodyBegins(worker: string, names: string): boolean {
    if (this.isSprung) return false;
    return this.count('body', [`${worker}.${names}`], `body ${++this.bodies}`) !== null;
  }

  /** A group is about to be written; where the process dies or stands still there, null: nowhere. Then `arrived`. */
  writeBegins(writes: readonly Write[]): Boundary | null {
    for (const write of writes) this.learn(write);
    if (this.isSprung) return null;
    const steps = writes.flatMap((write) => this.stepsOf(write));
    return steps.length === 0 ? null : this.count('row', steps, `write ${++this.writes}`);
  }

  /** The process is where the trap wants it. */
  arrived(): void {
    this.spring();
  }

  written(writes: readonly Write[], verdicts: readonly Verdict[]): void {
    writes.forEach((write, at) => {
      if (verdicts[at]?.verdict !== 'ok') return;
      for (const event of eventsOf(write))
        if (event.executions.length === 0) this.published.push([event.name, null]);
        else for (const { input } of event.executions) this.published.push([event.name, input]);
    });
  }

  /** Worker and names of what a row is of. */
  private stepsOf(write: Write): readonly string[] {
    if (write.kind !== 'commit') return [];
    const definition = this.definitions.get(write.lease.executionId);
    if (definition === undefined) return [];
    const { worker, method } = partsOfDefinition(definition);
    const { checkpoints, record } = write.delta;
    const ends = record !== null && isSettled(record.status);
    return [
      ...checkpoints.map(({ path }) => `${worker}.${namesOf(path)}`),
      ...(ends ? [`${worker}.${namesOf(encodeName(method))}`] : []),
    ];
  }

  private count(stage: Stage, steps: readonly string[], moment: string): Boundary | null {
    let found: Boundary | null = null;
    for (const step of steps) {
      const time = (this.counts.get(`${stage} ${step}`) ?? 0) + 1;
      this.counts.set(`${stage} ${step}`, time);
      for (const boundary of BOUNDARIES_OF[stage]) {
        this.cells.push({ step, boundary, time, moment });
        const { trap } = this;
        if (trap?.step === step && trap.boundary === boundary && trap.time === time) found = boundary;
      }
    }
    return found;
  }

  private learn(write: Write): void {
    for (const { executions } of eventsOf(write))
      for (const { id, definition } of executions) this.definitions.set(id, definition.id);
  }
}

function eventsOf(write: Write): readonly NewEvent[] {
  if (write.kind === 'publish') return write.events;
  return write.kind === 'commit' ? (write.delta.publish?.events ?? []) : [];
}
