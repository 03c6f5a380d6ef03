import { type DeclaredStep, routeOf } from '../model/declared-step.js';
import type { ClassMistakes } from './mistake-log.js';

/** Notes routes without a predicate or with several fallbacks, and joins that wait for branches which exclude each other. */
export function checkBranches(ordered: readonly DeclaredStep[], mistakes: ClassMistakes): void {
  for (const branches of routesOf(ordered).values()) checkRoute(branches, mistakes);
  checkJoins(ordered, mistakes);
}

function routesOf(steps: readonly DeclaredStep[]): ReadonlyMap<string, readonly DeclaredStep[]> {
  const routes = new Map<string, DeclaredStep[]>();
  for (const step of steps) {
    if (step.when === null) continue;
    const route = routeOf(step);
    const branches = routes.get(route);
    if (branches === undefined) routes.set(route, [step]);
    else branches.push(step);
  }
  return routes;
}

function checkRoute(branches: readonly DeclaredStep[], mistakes: ClassMistakes): void {
  const [fallback, ...others] = branches.filter(({ when }) => when?.kind === 'otherwise');
  if (fallback === undefined) return;
  for (const { name } of others)
    mistakes.add(
      name,
      `@Step has when: 'otherwise', and so has '${fallback.name}' of the same route`,
      'Leave one: steps with the same after and a when are the branches of one route',
    );
  if (branches.some(({ when }) => when?.kind === 'predicate')) return;
  mistakes.add(
    fallback.name,
    "@Step has when: 'otherwise', but no step with the same after has a predicate",
    'Write when: (value) => … on the other branch, or leave when out',
  );
}

/** What must have been taken for a step to run: `route` → the kinds of its branches. */
type Needs = ReadonlyMap<string, ReadonlySet<string>>;

function checkJoins(ordered: readonly DeclaredStep[], mistakes: ClassMistakes): void {
  const needs = new Map<string, Needs>();
  for (const step of ordered) {
    const before = step.after.map((name) => needs.get(name) ?? new Map());
    const joined = step.join === 'any' ? shared(before) : merged(before);
    const own = step.when === null ? [] : [new Map([[routeOf(step), new Set([step.when.kind])]])];
    needs.set(step.name, merged([joined, ...own]));
    if (!excludes(joined) || before.some(excludes)) continue;
    mistakes.add(
      step.name,
      `it waits for all of ${step.after.join(', ')}, of which one runs only when another is skipped`,
      "Write join: 'any'",
    );
  }
}

/** A fallback runs when no predicate of its route was true. */
function excludes(needs: Needs): boolean {
  return [...needs.values()].some((kinds) => kinds.size > 1);
}

function merged(all: readonly Needs[]): Needs {
  const result = new Map<string, Set<string>>();
  for (const needs of all)
    for (const [route, kinds] of needs) result.set(route, new Set([...(result.get(route) ?? []), ...kinds]));
  return result;
}

/** What every one of them needs. */
function shared([first = new Map(), ...others]: readonly Needs[]): Needs {
  const result = new Map<string, Set<string>>();
  for (const [route, kinds] of first) {
    const common = [...kinds].filter((kind) => others.every((needs) => needs.get(route)?.has(kind) === true));
    if (common.length > 0) result.set(route, new Set(common));
  }
  return result;
}
