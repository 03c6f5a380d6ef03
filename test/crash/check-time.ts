import type { ExecutionRecord } from 'holdfast';
import type { Line } from './history.js';
import { type Numbered, TICK_MS, type TimeKind } from './workload.js';

export type Turn = Pick<ExecutionRecord, 'id' | 'definition' | 'status' | 'value' | 'input' | 'createdAt'>;

/** What an actor knows in the end. */
export interface ActorEnd {
  readonly name: string;
  readonly applied: readonly number[];
}

export interface TimeEvidence {
  readonly lines: readonly Line[];
  readonly executions: readonly Turn[];
  readonly actors: readonly ActorEnd[];
}

/** Whether the execution is one of a schedule: the last of them may not have ended. */
function isTick({ definition }: Pick<Turn, 'definition'>): boolean {
  return definition.id === 'torture-ticks.tick';
}

/** Schedules, actors and batches: what the guarantees say of the merged history (I9 to I12). */
export function checkTime({ lines, executions, actors }: TimeEvidence): string[] {
  return [
    ...checkTicks(executions.filter(isTick)),
    ...checkActors(sentTo('told', lines), actors),
    ...checkBatches(
      sentTo('gathered', lines),
      executions.filter(({ definition }) => definition.id === 'torture-gather.gathered'),
    ),
  ];
}

/** Each instant started one execution, none before it, and none is missing. */
function checkTicks(ticks: readonly Turn[]): string[] {
  const instants = ticks.map(({ input }) => (JSON.parse(input) as { scheduledAt: number }).scheduledAt);
  const sorted = [...instants].sort((a, b) => a - b);
  const violations = sorted.flatMap((at, index) => {
    const before = sorted[index - 1];
    if (before === undefined || at - before === TICK_MS) return [];
    return [
      at === before ? `instant ${at} started two executions` : `no execution between ${before} and ${at}`,
    ];
  });
  for (const [index, { createdAt }] of ticks.entries())
    if (createdAt < (instants[index] ?? 0))
      violations.push(`instant ${instants[index]} started its execution at ${createdAt}`);
  return violations;
}

/** Each message that was accepted changed its actor once. */
function checkActors(sent: ReadonlySet<number>, actors: readonly ActorEnd[]): string[] {
  const counts = new Map<number, number>();
  for (const { applied } of actors) for (const n of applied) counts.set(n, (counts.get(n) ?? 0) + 1);
  const violations = [...counts].flatMap(([n, count]) =>
    count === 1 ? [] : [`message ${n} was applied ${count} times`],
  );
  for (const n of sent) if (!counts.has(n)) violations.push(`message ${n} was accepted and never applied`);
  return violations;
}

/** Each event that was accepted is in one batch that was flushed. */
function checkBatches(sent: ReadonlySet<number>, batches: readonly Turn[]): string[] {
  const violations: string[] = [];
  const found = new Map<number, string>();
  for (const { id, status, value } of batches) {
    if (status !== 'completed') violations.push(`batch ${id} is ${status}`);
    for (const n of value === null ? [] : (JSON.parse(value) as readonly number[])) {
      const other = found.get(n);
      if (other !== undefined) violations.push(`event ${n} was flushed by ${other} and by ${id}`);
      found.set(n, id);
    }
  }
  for (const n of sent) if (!found.has(n)) violations.push(`event ${n} was accepted and never flushed`);
  return violations;
}

/** The numbers of the accepted events of that kind. */
function sentTo(kind: TimeKind, lines: readonly Line[]): ReadonlySet<number> {
  const numbers = new Set<number>();
  for (const line of lines)
    if (line.saw === 'accepted' && line.event === kind) numbers.add(numberOf(line.eventId));
  return numbers;
}

function numberOf(eventId: string): Numbered['n'] {
  return Number(eventId.slice(eventId.lastIndexOf('-') + 1));
}
