import type { PublishOptions } from '../../app/publishing/publish-options.js';
import type { Publishable } from '../../app/publishing/publishable.js';
import type { ClassOf } from '../../app/executions/publication.js';
import type { WorkerClass } from '../../model/definition.js';
import type { EventInput } from '../../model/event-source.js';
import { cleanRunOf, findingsOfCleanRun } from './clean-run.js';
import { type CrashedRun, CrashMatrixReport } from './crash-matrix-report.js';
import { findingsOfCrash } from './findings-of-crash.js';
import { type CrashMatrixEvent, type CrashMatrixOptions, planOf } from './matrix-plan.js';
import { MatrixRun, type RunRecord } from './matrix-run.js';
import type { SeenCell } from './run-watch.js';

/** 2026-01-01T00:00:00Z; the second run begins elsewhere, so that instants show as what differs from run to run. */
const FIRST_START = 1_767_225_600_000;
const SECOND_START = FIRST_START + 100_000_000 + 12_345;

/**
 * Runs the event once as it should be, then once for every boundary of every step that this run came to, each time with a
 * crash there and a process that takes over: before the body, between body and checkpoint, after the checkpoint, and with
 * the lease lost in between. Tells which step's effect is repeated, and what else does not end as in the clean run. All of
 * it is the production engine on a memory store and virtual time.
 *
 * Effects are the calls that bodies make to `providers` and to what the container builds for the workers. One whose
 * arguments hold the step's `execution().idempotencyKey` may be repeated: its receiver can tell.
 *
 * Throws what `bootstrap` throws, `ConfigurationError` for its own options, and for an event that it cannot tell.
 *
 * @example
 * const report = await crashMatrix(OrderWorker, [OrderPlaced, { orderId: '1', total: 20 }], {
 *   providers: () => [{ provide: Payments, useValue: new FakePayments() }],
 * });
 * expect(report.problems).toEqual([]);
 */
export async function crashMatrix<Source extends Publishable>(
  worker: ClassOf<object>,
  event: readonly [event: Source, data: EventInput<Source>, options?: PublishOptions],
  options?: CrashMatrixOptions,
): Promise<CrashMatrixReport>;
export async function crashMatrix<Data extends object>(
  worker: ClassOf<object>,
  event: Data extends readonly unknown[] ? never : Data,
  options?: CrashMatrixOptions,
): Promise<CrashMatrixReport>;
export async function crashMatrix(
  worker: ClassOf<object>,
  event: CrashMatrixEvent,
  options: CrashMatrixOptions = {},
): Promise<CrashMatrixReport> {
  const plan = planOf(worker as WorkerClass, event, options);
  const first = await new MatrixRun(plan, null, FIRST_START).run();
  const second = await new MatrixRun(plan, null, SECOND_START).run();
  const cleanFindings = findingsOfCleanRun(first, second);
  const canCompare = cleanFindings[0]?.kind !== 'clean-run';
  const cells = canCompare ? chosen(first.cells, plan.limit) : [];
  const clean = cleanRunOf(first, second);
  const records = new Map<string, RunRecord>();
  const runs: CrashedRun[] = [];
  for (const cell of cells) {
    // Several steps may be stored by one write: it is one crash.
    const crash = `${cell.moment} ${cell.boundary}`;
    const record = records.get(crash) ?? (await new MatrixRun(plan, cell, FIRST_START).run());
    records.set(crash, record);
    runs.push({ cell, findings: findingsOfCrash(cell, record, clean) });
  }
  return new CrashMatrixReport(worker.name, {
    cleanFindings,
    runs,
    omitted: canCompare ? first.cells.length - cells.length : 0,
    silent: first.silent,
  });
}

/** As many as the limit allows: the first time of every step and boundary before second times, and so on. */
function chosen(cells: readonly SeenCell[], limit: number): readonly SeenCell[] {
  if (cells.length <= limit) return cells;
  const kept = new Set(cells.toSorted((one, other) => one.time - other.time).slice(0, limit));
  return cells.filter((cell) => kept.has(cell));
}
