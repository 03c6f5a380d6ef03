import type { DeclaredStep } from '../model/declared-step.js';
import { writeOneOf } from '../model/near-names.js';
import { checkBranches } from './check-branches.js';
import type { ClassMistakes } from './mistake-log.js';

/** What the methods of one class are, by name. */
export interface MethodRoles {
  readonly handlers: ReadonlySet<string>;
  /** Steps that code calls. */
  readonly inline: ReadonlySet<string>;
  /** Steps with `after`, also those whose options could not be read. */
  readonly declared: ReadonlySet<string>;
  readonly compensations: ReadonlySet<string>;
}

/**
 * The declared steps of each handler, each after all that it comes after; the order is the same however they are
 * declared. Notes names that cannot be followed, cycles, steps of two handlers and routes that cannot work.
 */
export function wireGraphs(
  roles: MethodRoles,
  declared: readonly DeclaredStep[],
  mistakes: ClassMistakes,
): ReadonlyMap<string, readonly DeclaredStep[]> {
  const steps = [...declared].sort((a, b) => compare(a.name, b.name));
  for (const step of steps) for (const name of step.after) checkName(step, name, roles, mistakes);
  const ordered = inOrder(steps, mistakes);
  const roots = rootsOf(ordered, roles, mistakes);
  checkBranches(ordered, mistakes);
  return new Map(
    [...roles.handlers].map((handler) => [
      handler,
      Object.freeze(ordered.filter((step) => roots.get(step.name)?.has(handler) === true)),
    ]),
  );
}

function checkName({ name: step }: DeclaredStep, name: string, roles: MethodRoles, mistakes: ClassMistakes) {
  if (roles.handlers.has(name) || roles.declared.has(name)) return;
  if (roles.inline.has(name)) {
    mistakes.add(
      step,
      `@Step names '${name}' in after, a step that code calls`,
      `Name the handler that calls it, or declare it: @Step({ after: … }) on '${name}'`,
    );
  } else if (roles.compensations.has(name)) {
    mistakes.add(
      step,
      `@Step names '${name}' in after, a compensation`,
      'Name a handler or a step with after: compensations follow failures only',
    );
  } else {
    const known = [...roles.handlers, ...[...roles.declared].filter((other) => other !== step)].sort(compare);
    mistakes.add(
      step,
      `@Step names '${name}' in after, which is neither handler nor declared step of this class`,
      known.length === 0 ? 'Write @OnEvent(…) on the method it follows' : writeOneOf(name, known),
    );
  }
}

/** By the length of the longest way to each, then by name; what stands in or after a cycle is left out. */
function inOrder(steps: readonly DeclaredStep[], mistakes: ClassMistakes): readonly DeclaredStep[] {
  const left = new Map(steps.map((step) => [step.name, step]));
  const ordered: DeclaredStep[] = [];
  for (;;) {
    const next = [...left.values()].filter(({ after }) => !after.some((name) => left.has(name)));
    if (next.length === 0) break;
    ordered.push(...next);
    for (const { name } of next) left.delete(name);
  }
  noteCycles(left, mistakes);
  return ordered;
}

/** Of what is left each step comes after another that is left: the way back ends in a cycle. */
function noteCycles(left: ReadonlyMap<string, DeclaredStep>, mistakes: ClassMistakes): void {
  const seen = new Set<string>();
  for (const start of left.keys()) {
    const way: string[] = [];
    let name: string | undefined = start;
    while (name !== undefined && !seen.has(name)) {
      seen.add(name);
      way.push(name);
      name = left.get(name)?.after.find((each) => left.has(each));
    }
    const at = name === undefined ? -1 : way.indexOf(name);
    if (at === -1) continue;
    const cycle = way.slice(at).reverse();
    const [first = ''] = [...cycle].sort(compare);
    const turn = cycle.indexOf(first);
    const shown = [...cycle.slice(turn), ...cycle.slice(0, turn), first].join(' → ');
    mistakes.add(first, `it comes after itself: ${shown}`, 'Take one of these names out of its after');
  }
}

function rootsOf(
  ordered: readonly DeclaredStep[],
  { handlers }: MethodRoles,
  mistakes: ClassMistakes,
): ReadonlyMap<string, ReadonlySet<string>> {
  const roots = new Map<string, ReadonlySet<string>>();
  for (const { name, after } of ordered) {
    const own = new Set(
      after.flatMap((each) => (handlers.has(each) ? [each] : [...(roots.get(each) ?? [])])),
    );
    roots.set(name, own);
    if (own.size < 2 || after.some((each) => (roots.get(each)?.size ?? 0) > 1)) continue;
    mistakes.add(
      name,
      `it comes after several handlers: ${[...own].sort(compare).join(', ')}`,
      'An execution has one handler: write a step for each, and let both call what they share',
    );
  }
  return roots;
}

/** By code units, so that no locale changes an order. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
