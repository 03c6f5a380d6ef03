import {
  byWorst,
  type GraphComparison,
  type GraphDifference,
  type InFlight,
  MOST_NAMED,
} from './graph-comparison.js';
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
  differences.sort((a, b) => byWorst(a, b) || (a.step < b.step ? -1 : 1));
  return { verdict: differences[0]?.verdict ?? 'additive', differences };
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
  for (const name of old.recordable()) {
    const before = old.nodeOf(name) as NodeWiring;
    const now = next.nodeOf(name);
    const isFormer = before.name !== name;
    if (now === null) changes.push({ ...goneOf(name, before), isSilent: isFormer });
    else if (!isFormer) changes.push(...changesOfNode(name, before, now, next));
  }
  const images = new Set(
    old.nodes.map((node) => next.nodeOf(node.name)?.name).filter((name) => name !== undefined),
  );
  for (const node of next.nodes) if (!images.has(node.name)) changes.push(addedOf(node, old, next));
  return changes;
}

function goneOf(name: string, { kind }: NodeWiring): Change {
  if (kind === 'handler')
    return {
      verdict: 'needs mapping',
      step: name,
      what: `handler '${name}' is gone`,
      write: `bring '${name}' back, or let the old processes finish these executions`,
      concerns: ({ handler }) => handler === name,
    };
  return {
    verdict: 'needs mapping',
    step: name,
    what: `${titleOf(kind)} '${name}' is gone`,
    write: `write @RenamedFrom('${name}') on the step that took its place, or bring '${name}' back`,
    concerns: hasRecorded(name),
  };
}

function changesOfNode(
  name: string,
  before: NodeWiring,
  now: NodeWiring,
  next: WiredGraph,
): readonly Change[] {
  const changes: Change[] = [];
  const change = (what: string, write: string): void => {
    changes.push({
      verdict: 'incompatible',
      step: name,
      what,
      write,
      concerns: hasRecorded(name, ...before.renamedFrom),
    });
  };
  const keep = `bring the old form of '${now.name}' back, or give the new form a name of its own; or let the old processes finish these executions`;
  const tell = (what: string): void => {
    changes.push({ verdict: 'additive', step: name, what, write: '', concerns: () => false });
  };
  if (now.name !== name) tell(`${titleOf(before.kind)} '${name}' is '${now.name}' now`);
  // Which code undoes a step is chosen when it is undone: nothing of it was recorded.
  if (undoOf(before, next) !== now.undo)
    tell(`'${name}' was undone by ${quoted(before.undo)} and is undone by ${quoted(now.undo)} now`);
  if (before.kind !== now.kind)
    change(`'${name}' was ${roleOf(before.kind)} and is ${roleOf(now.kind)} now`, keep);
  else if (before.kind === 'declared') {
    const after = before.after.map((each) => next.nodeOf(each)?.name ?? each).toSorted();
    if (after.join('\n') !== now.after.join('\n'))
      change(
        `declared step '${name}' came after ${listed(before.after)} and comes after ${listed(now.after)} now`,
        keep,
      );
    else if (before.join !== now.join)
      change(`declared step '${name}' joined ${joinOf(before)} and joins ${joinOf(now)} now`, keep);
    if (before.route !== now.route)
      change(`declared step '${name}' was ${routeOf(before)} and is ${routeOf(now)} now`, keep);
    if (before.fansOut !== now.fansOut)
      change(
        before.fansOut
          ? `declared step '${name}' ran once for each item and runs once now`
          : `declared step '${name}' ran once and runs for each item now`,
        keep,
      );
  }
  return changes;
}

/** A step more is no matter, but for a branch of a route that was decided without it: it would run beside the one taken. */
function addedOf(node: NodeWiring, old: WiredGraph, next: WiredGraph): Change {
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
    concerns: hasRecorded(...names),
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
