import { partsOfDefinition } from '../../model/definition.js';
import { isSettled, type ExecutionRecord } from '../../model/execution.js';
import { NonDeterminismError, ParkedError, StepInterruptedError } from '../../model/errors-execution.js';
import { executionsOf } from '../../ports/executions-of.js';
import type { Store } from '../../ports/store.js';
import type { WorkerApp } from '../../app/worker-app.js';
import { type Plain, plainOf } from './plain-value.js';

/** How everything stands when a run is over. */
export interface EndState {
  /** What is compared, in groups whose order says nothing: executions, steps and events by name. */
  readonly groups: ReadonlyMap<string, readonly Plain[]>;
  /** What the engine said of code that does not repeat itself; null: nothing. */
  readonly nonDeterminism: { readonly step: string; readonly message: string } | null;
  /** An at-most-once body was interrupted: the run goes another way than the clean one, as its author wants. */
  readonly isInterrupted: boolean;
  /** Executions that neither ended nor were parked. */
  readonly stuck: readonly string[];
}

/** Everything that a store holds, oldest first. */
export async function recordsOf(store: Store): Promise<readonly ExecutionRecord[]> {
  const all: ExecutionRecord[] = [];
  for await (const record of executionsOf(store, {})) all.push(record);
  return all;
}

/** Reads it through an app that lives. */
export async function readEndState(
  app: WorkerApp,
  store: Store,
  published: readonly (readonly [event: string, input: string | null])[],
  effects: (() => unknown) | null,
): Promise<EndState> {
  const groups = new Map<string, Plain[]>();
  const add = (group: string, value: Plain): void => {
    const known = groups.get(group);
    if (known === undefined) groups.set(group, [value]);
    else known.push(value);
  };
  let nonDeterminism: EndState['nonDeterminism'] = null;
  let isInterrupted = false;
  const stuck: string[] = [];
  for (const { id, definition, status, waitReason } of await recordsOf(store)) {
    const handle = app.execution(id);
    const { worker } = partsOfDefinition(definition.id);
    for (const step of await handle.steps()) {
      const result = step.status === 'completed' ? { value: step.value } : { error: step.error };
      isInterrupted ||= step.error instanceof StepInterruptedError;
      add(`step ${worker}.${step.path}`, plainOf({ status: step.status, ...result }));
    }
    if (!isSettled(status)) {
      stuck.push(`${definition.id} is ${status}${waitReason === null ? '' : ` (${waitReason})`}`);
      continue;
    }
    const outcome = await handle.outcome();
    const error = outcome.success ? null : causeOf(outcome.error);
    if (error instanceof NonDeterminismError)
      nonDeterminism ??= { step: definition.id, message: error.message };
    add(
      `execution ${definition.id}`,
      plainOf({ status, ...(outcome.success ? { value: outcome.value } : { error }) }),
    );
  }
  for (const [event, input] of published)
    add(`event ${event}`, plainOf(input === null ? null : (JSON.parse(input) as unknown)));
  if (effects !== null) add('effects', plainOf(await effects()));
  return { groups, nonDeterminism, isInterrupted, stuck };
}

/** Of a parked execution, what it was parked for. */
function causeOf(error: unknown): unknown {
  return error instanceof ParkedError && error.cause !== undefined ? error.cause : error;
}
