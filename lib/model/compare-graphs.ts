import {
  byRemedy,
  type GraphComparison,
  type GraphDifference,
  type InFlight,
  MOST_NAMED,
  worstOf,
} from './graph-comparison.js';
import { Successors } from './graph-successors.js';
import { type NodeWiring, WiredGraph } from './graph-wiring.js';
import type { StepGraph } from './step-graph.js';

/** A difference before it is known whom it concerns. */
interface Change {
  /** What it is for an execution that it concerns; for all others it is additive. */
  readonly verdict: GraphDifference['verdict'];
  readonly step: string;
  readonly what: string;
  readonly write: string;
  readonly concerns: (execution: InFlight) => boolean;
  /** Told only where it concerns somebody. */
  readonly isSilent?: boolean;
}

/**
 * Whether executions that ran on `old` can go on with `next`. What nobody in flight has recorded may change freely; what was
 * recorded has to be there, under its name or as a former name, in the same place.
 */
export function compareGraphs(
  old: StepGraph,
  next: StepGraph,
  inFlight: readonly InFlight[],
): GraphComparison {
  if (old.fingerprint === next.fingerprint) return { verdict: 'same', differences: [] };
  const changes = changesBetween(new WiredGraph(old), new WiredGraph(next));
  const differences = changes.flatMap((change) => differenceOf(change, inFlight));
  differences.sort((a, b) => byRemedy(a, b) || (a.step < b.step ? -1 : 1));
  return { verdict: worstOf([...differences.map(({ verdict }) => verdict), 'additive']), differences };
}

function differenceOf(change: Change, inFlight: readonly InFlight[]): readonly GraphDifference[] {
  const { step, what } = change;
  const concerned = inFlight.filter(change.concerns).map(({ id }) => id);
  if (concerned.length === 0)
    return change.isSilent === true
      ? []
      : [{ verdict: 'additive', step, what, executions: [], count: 0, write: null }];
  const executions = concerned.slice(0, MOST_NAMED);
  return [{ verdict: change.verdict, step, what, executions, count: concerned.length, write: change.write }];
}

function changesBetween(old: WiredGraph, next: WiredGraph): readonly Change[] {
  const changes: Change[] = [];
  const successors = new Successors(old, next);
  for (const name of old.recordable()) {
    const before = old.nodeOf(name) as NodeWiring;
    const now = next.nodeOf(name);
    const isFormer = before.name !== name;
    const isGone = now === null || (before.kind === 'handler' && now.kind !== 'handler');
    if (isGone) changes.push({ ...goneOf(name, before, successors.likelyOf(name)), isSilent: isFormer });
    else if (!isFormer) changes.push(...changesOfNode(name, before, now, next, successors));
  }
  for (const node of successors.added) changes.push(addedOf(node, old, next, successors));
  return changes;
}

function goneOf(name: string, { kind }: NodeWiring, successor: string | null): Change {
  const concerns = concernsOfGone(name, kind);
  if (kind === 'handler') return { verdict: 'needs mapping', step: name, ...handlerIsGone(name), concerns };
  const place =
    successor === null ? 'on the step that took its place' : `on '${successor}' if that took its place`;
  const write = `write @RenamedFrom('${name}') ${place}, or bring '${name}' back`;
  return {
    verdict: 'needs mapping',
    step: name,
    what: `${titleOf(kind)} '${name}' is gone`,
    write,
    concerns,
  };
}

/** What is told where executions are of a handler that is gone: they belong to it by its name. */
export function handlerIsGone(name: string): Pick<GraphDifference, 'what'> & { readonly write: string } {
  const what = `handler '${name}' is gone`;
  const write =
    `bring '${name}' back, or let the old processes finish these executions: handlers cannot be renamed while executions ` +
    `are in flight. They wait until a process has '${name}' again`;
  return { what, write };
}

function concernsOfGone(name: string, kind: NodeWiring['kind']): Change['concerns'] {
  return kind === 'handler' ? ({ handler }) => handler === name : hasRecorded(name);
}

/** Whom a difference concerns that follows from others being gone: not those who are told of these. */
function unlessTold(gone: readonly NodeWiring[], concerns: Change['concerns']): Change['concerns'] {
  const told = gone.map(({ name, kind }) => concernsOfGone(name, kind));
  return (execution) => concerns(execution) && !told.some((each) => each(execution));
}

function changesOfNode(
  name: string,
  before: NodeWiring,
  now: NodeWiring,
  next: WiredGraph,
  successors: Successors,
): readonly Change[] {
  const changes: Change[] = [];
  const recorded = hasRecorded(name, ...before.renamedFrom);
  const keep = `bring the old form of '${now.name}' back, or give the new form a name of its own; or let the old processes finish these executions`;
  const change = (what: string, reasons: readonly NodeWiring[] = []): void => {
    const concerns = unlessTold(reasons, recorded);
    const isSilent = reasons.length > 0;
    changes.push({ verdict: 'incompatible', step: name, what, write: keep, concerns, isSilent });
  };
  const tell = (what: string): void => {
    changes.push({ verdict: 'additive', step: name, what, write: '', concerns: () => false });
  };
  if (now.name !== name) tell(`${titleOf(before.kind)} '${name}' is '${now.name}' now`);
  if (before.undo !== null && now.undo === null)
    changes.push({
      verdict: 'loses undo',
      step: name,
      what: `'${name}' was undone by '${before.undo}' and is undone by nothing now`,
      write: `executions that recorded '${name}' would not be undone any more: write @Compensate('${now.name}') on the method that undoes it, or let the old processes finish these executions`,
      concerns: recorded,
    });
  // Which code undoes a step is chosen when it is undone: nothing of it was recorded.
  else if (undoOf(before, next) !== now.undo)
    tell(`'${name}' was undone by ${quoted(before.undo)} and is undone by ${quoted(now.undo)} now`);
  if (before.kind !== now.kind) change(`'${name}' was ${roleOf(before.kind)} and is ${roleOf(now.kind)} now`);
  else if (before.kind === 'declared') {
    const after = before.after.map((each) => next.nodeOf(each)?.name ?? each).toSorted();
    const isMoved = after.join('\n') !== now.after.join('\n');
    const reasons = isMoved ? successors.reasonsOf(before, now) : [];
    if (isMoved)
      change(
        `declared step '${name}' came after ${listed(before.after)} and comes after ${listed(now.after)} now`,
        reasons,
      );
    if (before.join !== now.join && (!isMoved || reasons.length > 0))
      change(`declared step '${name}' joined ${joinOf(before)} and joins ${joinOf(now)} now`);
    if (before.route !== now.route)
      change(`declared step '${name}' was ${routeOf(before)} and is ${routeOf(now)} now`);
    if (before.fansOut !== now.fansOut)
      change(
        before.fansOut
          ? `declared step '${name}' ran once for each item and runs once now`
          : `declared step '${name}' ran once and runs for each item now`,
      );
  }
  return changes;
}

/** A step more is no matter, but for a branch of a route that was decided without it: it would run beside the one taken. */
function addedOf(node: NodeWiring, old: WiredGraph, next: WiredGraph, successors: Successors): Change {
  const what = `${titleOf(node.kind)} '${node.name}' is new`;
  const siblings = node.route === null ? [] : next.routeOf(node).filter(({ name }) => name !== node.name);
  const names = siblings
    .flatMap(({ name, renamedFrom }) => [name, ...renamedFrom])
    .filter((name) => old.nodeOf(name) !== null);
  return {
    verdict: 'incompatible',
    step: node.name,
    what: names.length === 0 ? what : `${what}: a branch of the route after ${listed(node.after)}`,
    write: 'let the old processes finish these executions, or add the branch to a route of its own',
    concerns: unlessTold(successors.branchesGoneFor(node), hasRecorded(...names)),
  };
}

function undoOf({ undo }: NodeWiring, next: WiredGraph): string | null {
  return undo === null ? null : (next.nodeOf(undo)?.name ?? undo);
}

function quoted(name: string | null): string {
  return name === null ? 'nothing' : `'${name}'`;
}

function hasRecorded(...names: readonly string[]): Change['concerns'] {
  return ({ recorded }) => names.some((name) => recorded.has(name));
}

function titleOf(kind: NodeWiring['kind']): string {
  return kind === 'declared' ? 'declared step' : kind;
}

function roleOf(kind: NodeWiring['kind']): string {
  if (kind === 'step') return 'a step that code calls';
  return `a ${titleOf(kind)}`;
}

function joinOf({ join }: NodeWiring): string {
  return join === 'any' ? 'any of them' : 'all of them';
}

function routeOf({ route }: NodeWiring): string {
  if (route === null) return 'always taken';
  return route === 'otherwise' ? "the route's otherwise" : 'taken by a predicate';
}

function listed(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(', ');
}
