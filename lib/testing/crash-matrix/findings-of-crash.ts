import type { CrashCell } from './boundary.js';
import type { CleanRun } from './clean-run.js';
import type { Finding } from './finding.js';
import type { RunRecord } from './matrix-run.js';
import { type Plain, textOf, without } from './plain-value.js';
import { repeatedEffect } from './repeated-effect.js';

const KEPT_STATE =
  'What comes after a crash must not depend on what the process remembered or on how often a body ran: keep nothing in fields of workers, change what lies outside by its key instead of adding to it';

/** What a run with a crash shows that the clean one does not: the cause first, what only follows from it left out. */
export function findingsOfCrash(cell: CrashCell, run: RunRecord, clean: CleanRun): readonly Finding[] {
  const { step } = cell;
  if (!run.wasReached)
    return [
      {
        kind: 'not-reached',
        step,
        effect: null,
        found: 'another run did not come to this boundary',
        write: 'Give providers as a function, so that each run has fakes of its own',
      },
    ];
  const found: Finding[] = [];
  for (const [id, count] of run.effects) {
    const expected = clean.effects.get(id)?.times ?? 0;
    if (count.times > expected) found.push(repeatedEffect(count, expected));
  }
  const { nonDeterminism, stuck, isInterrupted } = run.end;
  if (nonDeterminism !== null)
    found.push({
      kind: 'non-deterministic',
      step: nonDeterminism.step,
      effect: null,
      found: nonDeterminism.message,
      write:
        'Between steps read no clock, chance, id or outside state: use execution().now(), random(), uuid(), or read them in a step',
    });
  if (stuck.length > 0)
    found.push({
      kind: 'stuck',
      step,
      effect: null,
      found: `it does not end: ${stuck.join(', ')}`,
      write: KEPT_STATE,
    });
  if (nonDeterminism !== null || stuck.length > 0 || isInterrupted) return found;
  const hasRepeated = found.length > 0;
  for (const { effect, step: where, times, id } of missing(run, clean))
    found.push({
      kind: 'missing-effect',
      step: where,
      effect,
      found: `${effect} takes effect ${run.effects.get(id)?.times ?? 0} times instead of ${times}`,
      write: KEPT_STATE,
    });
  const difference = endDifference(run, clean, hasRepeated);
  if (difference !== null)
    found.push({
      kind: 'end-state',
      step: difference.step ?? step,
      effect: null,
      found: difference.found,
      write: KEPT_STATE,
    });
  return found;
}

function missing(
  run: RunRecord,
  { effects }: CleanRun,
): readonly {
  readonly id: string;
  readonly effect: string;
  readonly step: string;
  readonly times: number;
}[] {
  return [...effects].flatMap(([id, { effect, step, times }]) =>
    (run.effects.get(id)?.times ?? 0) < times ? [{ id, effect, step, times }] : [],
  );
}

interface Difference {
  /** Null: it is about no step. */
  readonly step: string | null;
  readonly found: string;
}

/** The first group that differs: others mostly follow from it. What fakes hold follows from a repeated effect. */
function endDifference(run: RunRecord, clean: CleanRun, hasRepeated: boolean): Difference | null {
  const groups = new Set([...clean.groups.keys(), ...run.end.groups.keys()]);
  for (const group of groups) {
    if (hasRepeated && group === 'effects') continue;
    const found = groupDifference(
      clean.groups.get(group) ?? [],
      run.end.groups.get(group) ?? [],
      clean.volatile.get(group) ?? new Set(),
    );
    const [kind = '', name = null] = group.split(/ (.*)/s);
    const isOfStep = kind === 'step' || kind === 'execution';
    if (found !== null) return isOfStep ? { step: name, found } : { step: null, found: `${group}: ${found}` };
  }
  return null;
}

/** Order says nothing: branches may end in another one. */
function groupDifference(
  expected: readonly Plain[],
  found: readonly Plain[],
  volatile: ReadonlySet<string>,
): string | null {
  const left = found.map((value) => textOf(without(value, volatile)));
  const lost: string[] = [];
  for (const value of expected) {
    const text = textOf(without(value, volatile));
    const at = left.indexOf(text);
    if (at < 0) lost.push(text);
    else left.splice(at, 1);
  }
  if (lost.length === 0 && left.length === 0) return null;
  const [one] = lost;
  const [other] = left;
  if (one === undefined || other === undefined)
    return `there ${expected.length === 1 ? 'is' : 'are'} ${expected.length} in the clean run and ${found.length} in this one`;
  return `${cut(one)} in the clean run, ${cut(other)} in this one`;
}

function cut(text: string): string {
  return text.length > 160 ? `${text.slice(0, 159)}…` : text;
}
