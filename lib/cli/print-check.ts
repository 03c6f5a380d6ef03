import { handlerIsGone } from '../model/compare-graphs.js';
import type { GraphDifference } from '../model/graph-comparison.js';
import { type CheckReport, isDeployable, mayBeDeployed, type WorkerReport } from './check-workers.js';
import { countedExecutions } from './counted-executions.js';

/** The report as lines for people. */
export function printedCheck(report: CheckReport): string {
  const lines = report.workers.flatMap(linesOf);
  for (const { worker, inFlight } of report.missing)
    lines.push(
      `${worker}: gone, ${countedExecutions(inFlight)} in flight`,
      `  the module exports no worker '${worker}': these executions wait until a process has it`,
      '    export it, or let the old processes finish these executions; where other processes run it, check it with their module',
    );
  lines.push('', mayBeDeployed(report) ? 'What is in flight can go on.' : consequencesOf(report));
  return `${lines.join('\n')}\n`;
}

/** What happens when it is deployed like this. */
function consequencesOf({ workers, missing }: CheckReport): string {
  const refused = workers.filter((each) => !isDeployable(each)).length + missing.length;
  const all = workers.length + missing.length;
  const differences = workers.flatMap((each) => each.differences).filter(({ count }) => count > 0);
  const has = (verdict: GraphDifference['verdict']): boolean =>
    differences.some((each) => each.verdict === verdict && !isOfHandler(each));
  const consequences = [
    ...(has('needs mapping') || has('incompatible')
      ? ['what recorded a step that has no place is parked']
      : []),
    ...(missing.length > 0 || differences.some(isOfHandler)
      ? ['what has no handler or worker waits until a process has it again']
      : []),
    ...(has('loses undo') ? ['what lost its undo goes on without'] : []),
  ];
  return `${refused} of ${all} workers ${refused === 1 ? 'does' : 'do'} not fit what is in flight. Deployed like this, ${consequences.join('; ')}.`;
}

function isOfHandler({ step, what }: GraphDifference): boolean {
  return what === handlerIsGone(step).what;
}

function linesOf({ worker, verdict, inFlight, differences }: WorkerReport): readonly string[] {
  return [
    `${worker}: ${verdict}, ${countedExecutions(inFlight)} in flight`,
    ...differences.flatMap(linesOfDifference),
  ];
}

function linesOfDifference(difference: GraphDifference): readonly string[] {
  const { verdict, what, executions: ids, count, write } = difference;
  const lines = [`  ${verdict}: ${what}`];
  if (count > 0) {
    const rest = count > ids.length ? ` and ${count - ids.length} more` : '';
    lines.push(`    ${countedExecutions(count)}: ${ids.join(', ')}${rest}`);
  }
  if (write !== null) lines.push(`    ${write}`);
  return lines;
}
