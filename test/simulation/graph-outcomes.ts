import { inspect } from 'node:util';
import type { Checkpoint } from '../../lib/model/checkpoint.js';
import type { ExecutionRecord } from '../../lib/model/execution.js';
import type { Codec } from '../../lib/ports/codec.js';
import { misfit } from './misfit.js';
import { expectedGraph, type ExpectedStep } from './expected-graph.js';
import { rootValue } from './graph-value.js';
import { ROOT, type Graph } from './random-graph.js';

type Broken = (rule: string, what: string) => never;

const UNDONE = '/%compensation';

/** Compares what became of a graph with what it says. */
export function checkGraph(
  record: ExecutionRecord,
  journal: readonly Checkpoint[],
  graph: Graph,
  codec: Codec,
  broken: Broken,
): void {
  const expected = expectedGraph(graph, codec.decode(record.input));
  const wrong = (what: string): never => broken('graph', `${record.id} (${JSON.stringify(graph)}): ${what}`);
  if (record.status === 'completed') {
    const where = misfit(codec.decode(record.value ?? 'null'), rootValue(codec.decode(record.input)));
    if (where !== null) wrong(`its value differs at ${where}`);
  }
  for (const { name, items } of graph.steps) {
    const rows = journal.filter(
      ({ path }) => path === `${ROOT}/${name}` || path.startsWith(`${ROOT}/${name}~`),
    );
    const own = rows.filter(({ path }) => !path.slice(ROOT.length + 1).includes('/'));
    const end = expected.steps.get(name);
    if (end !== undefined) checkStep(end, own, items !== null, codec, (what) => wrong(`${name} ${what}`));
  }
  checkUndone(record, journal, graph, wrong);
}

function checkStep(
  end: ExpectedStep,
  rows: readonly Checkpoint[],
  isFanOut: boolean,
  codec: Codec,
  wrong: (what: string) => never,
): void {
  const completed = rows.filter(({ kind }) => kind === 'completed');
  const skipped = rows.filter(({ kind }) => kind === 'skipped');
  if (skipped.length !== (end.kind === 'skipped' ? 1 : 0))
    wrong(`is ${end.kind} and has ${skipped.length} rows as skipped`);
  if ((end.kind === 'skipped' || end.kind === 'blocked') && rows.length > skipped.length)
    wrong(`is ${end.kind} and began`);
  if (end.kind === 'failed' && !isFanOut && completed.length > 0) wrong('fails and has a result');
  if (end.kind !== 'completed') return;
  if (completed.length !== end.values.length)
    wrong(`has ${completed.length} results instead of ${end.values.length}`);
  const left = completed.map(({ value }) => codec.decode(value ?? 'null'));
  for (const value of end.values) {
    const at = left.findIndex((actual) => misfit(actual, value) === null);
    if (at < 0)
      wrong(
        `gave ${completed.map((row) => row.value).join(', ')} instead of ${inspect(value, { depth: 6 })}`,
      );
    left.splice(at, 1);
  }
}

/** An end that is no success undoes what completed, the last first; a success undoes nothing. */
function checkUndone(
  { status, epoch }: ExecutionRecord,
  journal: readonly Checkpoint[],
  { steps }: Graph,
  wrong: (what: string) => never,
): void {
  if (epoch > 0) return;
  const undoable = new Set(steps.filter(({ isUndone }) => isUndone).map(({ name }) => name));
  const nameOf = (path: string): string => path.slice(ROOT.length + 1).split('~', 1)[0] ?? '';
  const results = journal.filter(
    ({ kind, path }) =>
      kind === 'completed' &&
      path.split('/').length === 2 &&
      !path.endsWith(UNDONE) &&
      undoable.has(nameOf(path)),
  );
  const undone = journal
    .filter(({ kind, path }) => kind === 'completed' && path.split('/').length === 3 && path.endsWith(UNDONE))
    .sort((a, b) => a.seq - b.seq)
    .map(({ path }) => path.slice(0, -UNDONE.length));
  const isOver = status === 'failed' || status === 'cancelled';
  const planned = isOver ? results.sort((a, b) => b.seq - a.seq).map(({ path }) => path) : [];
  if (JSON.stringify(undone) !== JSON.stringify(planned))
    wrong(`is ${status} and undid [${undone.join(', ')}] instead of [${planned.join(', ')}]`);
}
