import { HoldfastError } from '../../model/errors.js';
import { textOfReplay, type Replay } from './replay.js';

/** A run in which something did not hold. */
export interface SimulationFailure {
  readonly seed: number;
  /** Name of what did not hold. */
  readonly invariant: string;
  readonly message: string;
  /** What the check threw. */
  readonly error: unknown;
  /** Runs it again: the option `replay` of `simulate`. */
  readonly replay: Replay;
  /** What happened, line by line; of the smallest run that was found. */
  readonly trace: readonly string[];
}

/** What `simulate` found. */
export class SimulationReport {
  /** @internal */
  constructor(
    /** Seeds that ran. */
    readonly seeds: number,
    /** Executions in all their runs. */
    readonly executions: number,
    /** Faults that struck in them. */
    readonly faults: number,
    readonly failures: readonly SimulationFailure[],
  ) {}

  toString(): string {
    const runs = `${this.seeds} ${this.seeds === 1 ? 'seed' : 'seeds'}, ${this.executions} executions, ${this.faults} faults`;
    if (this.failures.length === 0) return `${runs}: everything held`;
    return [`${runs}: ${this.failures.length} did not hold`, ...this.failures.map(textOfFailure)].join(
      '\n\n',
    );
  }
}

/** Lines of a trace that a message shows. */
const MOST_LINES = 120;

/** The invariant, how to run it again, and what happened. */
export function textOfFailure({ seed, invariant, message, replay, trace }: SimulationFailure): string {
  const left = trace.length - MOST_LINES;
  const lines = left > 0 ? [`  … ${left} lines before`, ...trace.slice(left)] : trace;
  return [
    `seed ${seed} breaks: ${invariant}`,
    message,
    '',
    `Run it again: simulate({ …, replay: ${textOfReplay(replay)} })`,
    '',
    ...lines,
  ].join('\n');
}

/** Something did not hold in a simulated run. Its message tells what, how to run it again, and what happened. */
export class SimulationError extends HoldfastError {
  static readonly code = 'SIMULATION_FAILED';
  readonly code = SimulationError.code;
  override readonly name = 'SimulationError';

  constructor(
    message: string,
    readonly report: SimulationReport,
    cause?: unknown,
  ) {
    super(message, { cause });
  }
}
