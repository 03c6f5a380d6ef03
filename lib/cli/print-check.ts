import { type GraphDifference, isCompatible } from '../model/graph-comparison.js';
import type { CheckReport, WorkerReport } from './check-workers.js';
import { countedExecutions } from './counted-executions.js';

/** The report as lines for people. */
export function printedCheck({ workers, missing }: CheckReport): string {
  const lines = workers.flatMap(linesOf);
  for (const { worker, inFlight } of missing)
    lines.push(
      `${worker}: ${countedExecutions(inFlight)} in flight, and the module exports no such worker: they wait for a process that has it`,
    );
  const refused = workers.filter(({ verdict }) => !isCompatible(verdict)).length;
  lines.push(
    '',
    refused === 0
      ? 'What is in flight can go on.'
      : `${refused} of ${workers.length} workers ${refused === 1 ? 'does' : 'do'} not fit what is in flight: deployed like this, the executions above are parked.`,
  );
  return `${lines.join('\n')}\n`;
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
