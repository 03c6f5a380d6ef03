import { HoldfastError } from '../../model/errors.js';
import { messageOf } from '../../model/message-of.js';
import { GuaranteeViolatedError } from '../simulation/guarantee-violated-error.js';

/** What did not hold in a run. */
export interface Violation {
  readonly invariant: string;
  readonly message: string;
  /** What a check threw. */
  readonly error: unknown;
}

const TITLES: Readonly<Record<string, string>> = {
  I1: 'nothing that was accepted is lost',
  I2: 'nothing that was accepted is lost',
  I3: 'no step whose result is stored runs again',
  I4: 'no step whose result is stored runs again',
  I14: 'a step that runs at most once does not run again',
  I18: 'everything that was accepted comes to an end',
  parked: 'nothing is parked',
  results: 'results are those of a run without faults',
};

/** A broken rule of the engine or of every simulation; what is none is thrown on. */
export function violationOf(error: unknown, labelled: (text: string) => string): Violation {
  if (!(error instanceof GuaranteeViolatedError)) throw error;
  const { rule, message } = error;
  const invariant = TITLES[rule] ?? `the engine keeps its guarantees (${rule})`;
  return { invariant, message: labelled(message.slice(rule.length + 2)), error };
}

/** What a user's check threw. */
export function checkFailed(invariant: string, error: unknown): Violation {
  return { invariant, message: messageOf(error), error };
}

/** A simulation that cannot be repeated: what user code does depends on more than the seed. */
export class UnrepeatableSimulationError extends HoldfastError {
  static readonly code = 'SIMULATION_UNREPEATABLE';
  readonly code = UnrepeatableSimulationError.code;
  override readonly name = 'UnrepeatableSimulationError';

  constructor(what: string) {
    super(`simulate() needs bodies that wait on virtual time only: ${what}`);
  }
}
