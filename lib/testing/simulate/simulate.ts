import { isDeepStrictEqual } from 'node:util';
import { checkedOptions, type CheckedOptions } from './checked-options.js';
import { isSameResult, judged, type JudgedRun } from './judge.js';
import { replayOf } from './replay.js';
import { Shrinker } from './shrink.js';
import type { SimulateOptions } from './simulate-options.js';
import {
  SimulationError,
  SimulationReport,
  textOfFailure,
  type SimulationFailure,
} from './simulation-report.js';
import { UnrepeatableSimulationError } from './violation.js';

/**
 * Runs your own workers in several simulated processes, once per seed: the seed decides when what happens, which process
 * dies when, which call to the store fails and which hint is lost. At the end of each run your invariants are checked,
 * beside what always must hold: everything accepted comes to an end, nothing is lost, no stored step runs again.
 *
 * Throws `SimulationError` for the first seed that breaks one, after making its run as small as it can: its message holds
 * the trace and how to run it again. Throws `UnrepeatableSimulationError` when bodies wait for the machine instead of
 * virtual time, or read `Math.random()` or `Date.now()`; and `ConfigurationError`, `DefinitionError`, `InvalidEventError`.
 *
 * @example
 * await simulate({
 *   workers: [TransferWorker],
 *   providers: () => [{ provide: Accounts, useValue: new Accounts() }],
 *   events: [[Transfer, { from: 'a', to: 'b', amount: 5 }]],
 *   seeds: 200,
 *   invariants: [{ name: 'no money is lost', check: ({ get }) => expect(get(Accounts).total).toBe(100) }],
 * });
 */
export async function simulate(options: SimulateOptions): Promise<SimulationReport> {
  const checked = checkedOptions(options, isSameResult);
  const failures: SimulationFailure[] = [];
  let executions = 0;
  let faults = 0;
  let seeds = 0;
  for (const plan of checked.plans) {
    const run = await judged(checked, plan);
    if (seeds === 0) await assertRepeatable(checked, run);
    seeds++;
    executions += run.executions;
    faults += run.run.faults.length;
    if (run.violation === null) continue;
    const { violation } = run;
    const isNews = failures.every(({ invariant }) => invariant !== violation.invariant);
    const failure = isNews ? await smallestOf(checked, run) : failureOf(run);
    failures.push(failure);
    if (!checked.throws) continue;
    const report = new SimulationReport(seeds, executions, faults, failures);
    throw new SimulationError(textOfFailure(failure), report, failure.error);
  }
  return new SimulationReport(seeds, executions, faults, failures);
}

/** The failure as the smallest run shows it that was found. */
async function smallestOf(options: CheckedOptions, failed: JudgedRun): Promise<SimulationFailure> {
  const shrinker = new Shrinker((plan) => judged(options, plan), options.shrinkRuns);
  const smallest = await shrinker.shrink(failed);
  if (smallest === null) await assertRepeatable(options, failed);
  return failureOf(smallest ?? failed);
}

function failureOf({ plan, run, violation }: JudgedRun): SimulationFailure {
  return {
    seed: plan.seed,
    invariant: violation?.invariant ?? '',
    message: violation?.message ?? '',
    error: violation?.error,
    replay: replayOf(plan),
    trace: run.story.lines,
  };
}

/** The same plan gives the same run, or bodies depend on more than the seed. */
async function assertRepeatable(options: CheckedOptions, { plan, run }: JudgedRun): Promise<void> {
  const again = (await judged(options, plan)).run.story.lines;
  const { lines } = run.story;
  if (isDeepStrictEqual(lines, again)) return;
  const at = lines.findIndex((line, index) => line !== again[index]);
  const [once = 'nothing more', twice = 'nothing more'] = [
    lines[at < 0 ? lines.length : at],
    again[at < 0 ? lines.length : at],
  ];
  throw new UnrepeatableSimulationError(
    `two runs of seed ${plan.seed} differ. Once:\n  ${once}\nand then:\n  ${twice}\nUse execution().random(), uuid() and now() instead of Math.random(), randomUUID() and Date.now(), and give providers fresh for each seed: providers: () => [ … ]`,
  );
}
