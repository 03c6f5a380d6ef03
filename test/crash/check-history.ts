import type { ExecutionRecord } from 'holdfast';
import type { Effect, Line } from './history.js';
import { leaseGaps } from './lease-gaps.js';
import { longestRecoveries } from './recovery-times.js';
import { expected, publishedKinds, type Kind, type Numbered } from './workload.js';

export type Ended = Pick<ExecutionRecord, 'id' | 'definition' | 'status' | 'value' | 'input'>;

export interface Evidence {
  readonly lines: readonly Line[];
  readonly effects: readonly Effect[];
  /** Everything that the store holds at the end. */
  readonly executions: readonly Ended[];
  /** What the store's own check says: `ok`. */
  readonly integrity: unknown;
}

export interface Findings {
  readonly violations: readonly string[];
  readonly kills: number;
  readonly stops: number;
  /** How often something befell the store's server or the way to it. */
  readonly troubles: number;
  /** How many waits for a result in another process came to an end. */
  readonly settled: number;
  readonly events: number;
  readonly executions: number;
  readonly bodies: number;
  /** Bodies that began again because nothing had been reported when their process was killed or stopped: unavoidable. */
  readonly repeatedBodies: number;
  /** Effects that happened again by those bodies. */
  readonly repeatedEffects: number;
  /** Bodies that began late because their process was stopped between the look at its lease and the first line. */
  readonly lateBodies: number;
  /** For each kill that interrupted something: until all of it was taken over, ms, sorted; only time with a live worker counts. */
  readonly recoveriesMs: readonly number[];
}

/** Checks the merged history of all processes against the guarantees. */
export function checkHistory({ lines, effects, executions, integrity }: Evidence): Findings {
  const violations: string[] = [];
  if (integrity !== 'ok') violations.push(`the store's own check says ${String(integrity)}`);
  const usual = executions.filter(({ definition }) => kindOf(definition.id) in expected);
  violations.push(...checkAccepted(lines, executions), ...checkEnds(usual), ...checkChildren(usual));
  const bodies = checkBodies(lines);
  violations.push(...bodies.violations, ...checkEffects(lines, effects), ...checkSettled(lines, executions));
  return {
    violations,
    kills: lines.filter((line) => line.saw === 'killed').length,
    stops: lines.filter((line) => line.saw === 'stopped').length,
    troubles: lines.filter((line) => line.saw === 'server').length,
    settled: lines.filter((line) => line.saw === 'settled').length,
    events: new Set(lines.map((line) => (line.saw === 'accepted' ? line.eventId : null))).size - 1,
    executions: executions.length,
    bodies: lines.filter((line) => line.saw === 'body').length,
    repeatedBodies: bodies.repeated,
    repeatedEffects: effects.length - new Set(effects.map(({ key, attempt }) => `${key} ${attempt}`)).size,
    lateBodies: bodies.late,
    recoveriesMs: longestRecoveries(lines),
  };
}

/** Nothing that was accepted is missing, and accepting it again gives the same executions. */
function checkAccepted(lines: readonly Line[], executions: readonly Ended[]): string[] {
  const stored = new Set<string>(executions.map(({ id }) => id));
  const first = new Map<string, string>();
  const violations: string[] = [];
  for (const line of lines) {
    if (line.saw !== 'accepted') continue;
    const ids = line.executions.join(', ');
    if (line.executions.length === 0) violations.push(`${line.eventId} started no execution`);
    for (const id of line.executions)
      if (!stored.has(id)) violations.push(`${line.eventId} was accepted, and its execution ${id} is lost`);
    const known = first.get(line.eventId) ?? ids;
    if (known !== ids) violations.push(`${line.eventId} was accepted twice, as ${known} and as ${ids}`);
    first.set(line.eventId, known);
  }
  return violations;
}

/** Everything has ended, with the right value. */
function checkEnds(executions: readonly Ended[]): string[] {
  return executions.flatMap(({ id, definition, status, value, input }) => {
    const right = expected[kindOf(definition.id)](numberOf(input));
    const found = value === null ? null : (JSON.parse(value) as unknown);
    if (status !== 'completed') return [`${definition.id} ${id} is ${status}`];
    return found === right ? [] : [`${definition.id} ${id} ended with ${String(found)} instead of ${right}`];
  });
}

/** Each event has one execution per handler; what an execution publishes, it publishes once. */
function checkChildren(executions: readonly Ended[]): string[] {
  const counts = new Map<string, number>();
  for (const { definition, input } of executions) {
    const name = `${kindOf(definition.id)} ${numberOf(input)}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const violations = [...counts].flatMap(([name, count]) =>
    count === 1 ? [] : [`${count} executions of ${name}`],
  );
  for (const name of counts.keys()) {
    const [kind, n] = name.split(' ');
    const child = kind === 'publishing' ? `published ${n}` : kind === 'sequential' ? `audited ${n}` : null;
    if (child !== null && !counts.has(child)) violations.push(`${name} has no ${child}`);
    if (!(publishedKinds as readonly string[]).includes(kind ?? '') && !hasParent(kind, n, counts))
      violations.push(`${name} has no parent`);
  }
  return violations;
}

function hasParent(
  kind: string | undefined,
  n: string | undefined,
  counts: ReadonlyMap<string, number>,
): boolean {
  return counts.has(`${kind === 'published' ? 'publishing' : 'sequential'} ${n}`);
}

/** No body begins after its result was reported, nor twice in one claim, nor again while its process was well. */
function checkBodies(lines: readonly Line[]): { violations: string[]; repeated: number; late: number } {
  const violations: string[] = [];
  const reported = new Set<string>();
  const keys = new Map<string, string>();
  const begun = new Map<
    string,
    { readonly pid: number; readonly at: number; readonly passes: number; readonly harms: number }
  >();
  const passes = new Map<string, number>();
  const harms = new Map<number, number>();
  const stoppedAt = new Map<number, number>();
  const gaps = leaseGaps(lines);
  let repeated = 0;
  let lateStarts = 0;
  for (const line of lines) {
    if (line.saw === 'pass') passes.set(line.execution, (passes.get(line.execution) ?? 0) + 1);
    if (line.saw === 'killed' || line.saw === 'stopped') harms.set(line.pid, (harms.get(line.pid) ?? 0) + 1);
    if (line.saw === 'stopped') stoppedAt.set(line.pid, line.at);
    if (line.saw === 'reported') reported.add(`${line.execution} ${line.step}`);
    if (line.saw !== 'body') continue;
    const step = `${line.execution} ${line.step}`;
    const wasStopped = (stoppedAt.get(line.pid) ?? 0) >= line.checkedAt;
    const before = begun.get(`${step} ${line.attempt}`);
    // It belongs to the claim of then: whoever has it now is none the worse.
    const isLate = wasStopped && (reported.has(step) || before !== undefined);
    if (reported.has(step) && !isLate)
      violations.push(`${step} had been reported, and process ${line.pid} began it again`);
    if ((keys.get(step) ?? line.key) !== line.key) violations.push(`${step} changed its idempotency key`);
    keys.set(step, line.key);
    if (isLate) {
      lateStarts++;
      repeated++;
      continue;
    }
    const now = { pid: line.pid, at: line.at, passes: passes.get(line.execution) ?? 0, harms: 0 };
    if (before !== undefined) {
      repeated++;
      if (before.passes === now.passes) violations.push(`${step} began twice in one claim`);
      const wasUnsure = gaps.some(
        ({ pid, from, to }) => pid === before.pid && from < line.at && to > before.at,
      );
      if ((harms.get(before.pid) ?? 0) === before.harms && !wasUnsure)
        violations.push(`${step} began again although nothing had happened to process ${before.pid}`);
    }
    begun.set(`${step} ${line.attempt}`, { ...now, harms: harms.get(line.pid) ?? 0 });
  }
  if (new Set(keys.values()).size !== keys.size) violations.push('two steps share an idempotency key');
  return { violations, repeated, late: lateStarts };
}

/** What was reported has had its effect. */
function checkEffects(lines: readonly Line[], effects: readonly Effect[]): string[] {
  const keyOf = new Map<string, string>();
  for (const line of lines) if (line.saw === 'body') keyOf.set(`${line.execution} ${line.step}`, line.key);
  const had = new Set(effects.map(({ key }) => key));
  const missing = new Set<string>();
  for (const line of lines) {
    if (line.saw !== 'reported') continue;
    const step = `${line.execution} ${line.step}`;
    if (!had.has(keyOf.get(step) ?? '') && !isComposite(line.step))
      missing.add(`${step} was reported without effect`);
  }
  return [...missing];
}

/** Whoever waited for a result learned what is stored; of one that was parked as poison, that it was. */
function checkSettled(lines: readonly Line[], executions: readonly Ended[]): string[] {
  const stored = new Map<string, Ended>(executions.map((each) => [each.id, each]));
  return lines.flatMap((line) => {
    if (line.saw !== 'settled' || line.error === 'ParkedError') return [];
    if (line.error !== null) return [`a wait for ${line.execution} ended with ${line.error}`];
    const told = JSON.stringify(line.value);
    const value = stored.get(line.execution)?.value ?? null;
    return told === value ? [] : [`a wait for ${line.execution} was told ${told} instead of ${value}`];
  });
}

/** Steps without an effect of their own. */
function isComposite(step: string): boolean {
  return step === 'outer';
}

function kindOf(definition: string): Kind {
  return definition.slice(definition.lastIndexOf('.') + 1) as Kind;
}

function numberOf(input: string): number {
  return (JSON.parse(input) as Numbered).n;
}
