import type { EffectCount } from './effect-call.js';
import type { EndState } from './end-state.js';
import type { Finding } from './finding.js';
import type { RunRecord } from './matrix-run.js';
import { differingParts, type Plain } from './plain-value.js';
import { repeatedEffect } from './repeated-effect.js';

/** What runs with a crash are compared with: two runs without one tell what is equal in all of them. */
export interface CleanRun {
  readonly effects: ReadonlyMap<string, EffectCount>;
  readonly groups: ReadonlyMap<string, readonly Plain[]>;
  /** Per group, the parts of its values that differ from run to run: ids, instants, chance. */
  readonly volatile: ReadonlyMap<string, ReadonlySet<string>>;
}

/** What the first of two clean runs did; the second shows which of it differs from run to run. */
export function cleanRunOf(first: RunRecord, second: RunRecord): CleanRun {
  const volatile = new Map<string, ReadonlySet<string>>();
  for (const [group, values] of first.end.groups) {
    const others = second.end.groups.get(group) ?? [];
    volatile.set(group, new Set(values.flatMap((value, at) => differingParts(value, others[at] ?? value))));
  }
  return { effects: first.effects, groups: first.end.groups, volatile };
}

/** What is wrong without any crash. The first of these leaves nothing to compare with. */
export function findingsOfCleanRun(first: RunRecord, second: RunRecord): readonly Finding[] {
  const trouble = troubleOf(first, second);
  const repeated = first.repeated.map((count) => repeatedEffect(count, null));
  return trouble === null ? repeated : [{ kind: 'clean-run', effect: null, ...trouble }, ...repeated];
}

function troubleOf(first: RunRecord, second: RunRecord): Pick<Finding, 'step' | 'found' | 'write'> | null {
  const { end } = first;
  const [stuck] = end.stuck;
  const step = firstExecution(end);
  if (stuck !== undefined)
    return {
      step,
      found: `it does not end: ${stuck}`,
      write: 'Give an event and providers that let every execution end by itself',
    };
  if (step === '')
    return {
      step: '(no step)',
      found: 'the event starts no execution',
      write: 'Give an event that a handler of the worker takes; look at its `when`',
    };
  if (end.nonDeterminism !== null)
    return { step, found: end.nonDeterminism.message, write: 'Mend that first' };
  const unsteady = unsteadyGroup(end, second.end) ?? unsteadyGroup(second.end, end);
  if (unsteady === null) return null;
  return {
    step: unsteady.slice(unsteady.indexOf(' ') + 1),
    found: `two runs are not alike: ${unsteady} is there ${countOf(end, unsteady)} and ${countOf(second.end, unsteady)} times`,
    write:
      'Give providers as a function, so that each run has fakes of its own, and let chance and time decide nothing in them',
  };
}

function firstExecution({ groups, stuck }: EndState): string {
  const group = [...groups.keys()].find((name) => name.startsWith('execution '));
  return group?.slice('execution '.length) ?? stuck[0]?.split(' ', 1)[0] ?? '';
}

function unsteadyGroup(one: EndState, other: EndState): string | null {
  for (const group of one.groups.keys()) if (countOf(one, group) !== countOf(other, group)) return group;
  return null;
}

function countOf({ groups }: EndState, group: string): number {
  return groups.get(group)?.length ?? 0;
}
