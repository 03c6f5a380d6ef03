import { isDeepStrictEqual } from 'node:util';
import { PoisonedError } from '../../model/errors-execution.js';
import { GuaranteeViolatedError } from '../simulation/guarantee-violated-error.js';
import type { CheckedOptions } from './checked-options.js';
import { calmPlan, type RunPlan } from './replay.js';
import { SeedRun } from './seed-run.js';
import { shown } from './shown-value.js';
import type { SimulatedExecution, SimulationEnd } from './simulation-end.js';
import { checkFailed, violationOf, type Violation } from './violation.js';

/** What came of one run. */
export interface JudgedRun {
  readonly plan: RunPlan;
  readonly run: SeedRun;
  /** Null: all held. */
  readonly violation: Violation | null;
  /** Accepted executions. */
  readonly executions: number;
}

/** Runs a plan and looks at its end. Throws what makes the simulation impossible. */
export async function judged(options: CheckedOptions, plan: RunPlan): Promise<JudgedRun> {
  const run = new SeedRun(options, plan);
  let violation: Violation | null = null;
  let executions = 0;
  try {
    await run.run(async (end) => {
      executions = end.executions.length;
      refuseParked(end);
      // Not to blame: its processes died again and again. What it left undone says nothing.
      if (end.executions.some(isPoisoned)) return;
      if (options.sameResults !== null) await compare(options, plan, end, options.sameResults);
      violation = await firstFailed(options, end);
    });
  } catch (error) {
    violation = violationOf(error, (text) => run.story.labelled(text));
  }
  return { plan, run, violation, executions };
}

async function firstFailed(options: CheckedOptions, end: SimulationEnd): Promise<Violation | null> {
  for (const { name, check } of options.invariants) {
    try {
      if ((await check(end)) === false) throw new Error('the check answered false');
    } catch (error) {
      return checkFailed(name, error);
    }
  }
  return null;
}

/** Code that does not repeat itself is parked. */
function refuseParked({ executions }: SimulationEnd): void {
  for (const execution of executions)
    if (execution.status === 'parked' && !isPoisoned(execution))
      throw new GuaranteeViolatedError('parked', `${execution.id} is parked: ${String(execution.error)}`);
}

function isPoisoned({ status, error }: SimulatedExecution): boolean {
  return status === 'parked' && error instanceof PoisonedError;
}

async function compare(
  options: CheckedOptions,
  plan: RunPlan,
  end: SimulationEnd,
  isSame: NonNullable<CheckedOptions['sameResults']>,
): Promise<void> {
  const calm = new Map<string, SimulatedExecution>();
  await new SeedRun(options, calmPlan(plan)).run(async ({ executions }) => {
    for (const execution of executions) calm.set(nameOf(execution), execution);
  });
  for (const actual of end.executions) {
    const expected = calm.get(nameOf(actual));
    if (actual.index === null || expected === undefined || isSame(actual, expected)) continue;
    throw new GuaranteeViolatedError(
      'results',
      `${actual.id} is ${endOf(actual)}; without faults it is ${endOf(expected)}`,
    );
  }
}

/** Both ended alike. */
export function isSameResult(actual: SimulatedExecution, calm: SimulatedExecution): boolean {
  return actual.status === calm.status && isDeepStrictEqual(actual.value, calm.value);
}

function nameOf({ worker, handler, index }: SimulatedExecution): string {
  return `${worker}.${handler} ${String(index)}`;
}

function endOf({ status, value, error }: SimulatedExecution): string {
  if (status === 'completed') return `completed with ${shown(value)}`;
  return error === undefined ? status : `${status} with ${shown(error)}`;
}
