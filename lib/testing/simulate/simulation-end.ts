import { partsOfDefinition } from '../../model/definition.js';
import type { ExecutionRecord, ExecutionStatus } from '../../model/execution.js';
import type { InjectionToken } from '../../model/injection-token.js';
import type { Codec } from '../../ports/codec.js';
import type { Store } from '../../ports/store.js';
import { stepViews, type StepView } from '../../app/executions/step-views.js';
import type { ProviderCall } from './provider-call.js';
import type { SimulatedEvent } from './simulated-event.js';

/** How everything stands when a run is over. */
export interface SimulationEnd {
  readonly seed: number;
  /** What was published, in the order of `events`. */
  readonly events: readonly SimulatedEvent[];
  /** Every execution that was accepted, those that workers published themselves included. */
  readonly executions: readonly SimulatedExecution[];
  /** Every call that bodies made to what `providers` gives, in order. */
  readonly ledger: readonly ProviderCall[];
  /** What `providers` gives under a token. Throws `ConfigurationError` for one that it does not give. */
  readonly get: <Value>(token: InjectionToken<Value>) => Value;
}

/** One execution as it ended. */
export interface SimulatedExecution {
  readonly id: string;
  readonly worker: string;
  readonly handler: string;
  /** The event's name and data. */
  readonly event: string;
  readonly input: unknown;
  /** Position in `events` of the one that started it; null: a worker published it. */
  readonly index: number | null;
  readonly status: ExecutionStatus;
  /** What the handler returned; undefined unless it completed. */
  readonly value: unknown;
  /** What it failed with; undefined unless it failed or was parked. */
  readonly error: unknown;
  /** Its recorded steps, in the order in which they ended. */
  readonly steps: readonly StepView[];
}

/** Reads an execution from the store. */
export async function readExecution(
  record: ExecutionRecord,
  store: Store,
  codec: Codec,
  index: number | null,
): Promise<SimulatedExecution> {
  const { id, definition, eventName, input, status, value, error } = record;
  const { worker, method } = partsOfDefinition(definition.id);
  return {
    id,
    worker,
    handler: method,
    event: eventName,
    input: codec.decode(input),
    index,
    status,
    value: value === null ? undefined : codec.decode(value),
    error: error === null ? undefined : codec.decodeFailure(error),
    steps: stepViews(await store.journal(id), codec),
  };
}
