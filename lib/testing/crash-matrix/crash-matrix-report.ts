import { BOUNDARY_TITLES, boundaryTitle, type Boundary, cellTitle, type CrashCell } from './boundary.js';
import { CrashMatrixError } from './crash-matrix-error.js';
import type { Finding } from './finding.js';

/** One boundary at which a process died. */
export interface CellResult extends CrashCell {
  /** Nothing differed from the clean run. */
  readonly isSafe: boolean;
}

/** One thing that is wrong, and every cell that showed it. */
export interface CrashFailure extends Finding {
  readonly cells: readonly CrashCell[];
  /** It was found without any crash, too. */
  readonly isInCleanRun: boolean;
}

/** A run with a crash, and what it showed. */
export interface CrashedRun {
  readonly cell: CrashCell;
  readonly findings: readonly Finding[];
}

/** What a report is made of. */
interface MatrixFindings {
  readonly cleanFindings: readonly Finding[];
  readonly runs: readonly CrashedRun[];
  readonly omitted: number;
  readonly silent: readonly string[];
}

/** What `crashMatrix` found. */
export class CrashMatrixReport {
  /** One for each step and boundary, in the order in which the clean run came to them. */
  readonly cells: readonly CellResult[];
  readonly failures: readonly CrashFailure[];

  /** Cells that were left out, as there were more than `limit`. */
  readonly omitted: number;
  /**
   * Steps that called nothing that is provided or injected: what they do outside all the same, by a module's function
   * or a global, is not known. Many have no effect at all.
   */
  readonly silent: readonly string[];

  /** @internal */
  constructor(
    private readonly title: string,
    { cleanFindings, runs, omitted, silent }: MatrixFindings,
  ) {
    this.cells = runs.map(({ cell: { step, boundary, time }, findings }) => ({
      step,
      boundary,
      time,
      isSafe: findings.length === 0,
    }));
    this.failures = gathered(cleanFindings, runs);
    this.omitted = omitted;
    this.silent = silent;
  }

  /** Nothing is wrong. */
  get ok(): boolean {
    return this.failures.length === 0;
  }

  /**
   * A sentence for each failure, and none when all is well.
   *
   * @example
   * expect(report.problems).toEqual([]);
   */
  get problems(): readonly string[] {
    return this.failures.map(
      (failure) => `${failure.step}: ${failure.found} (${whereOf(failure)}). ${failure.write}`,
    );
  }

  /** Throws `CrashMatrixError`, whose message is `toString()`, unless all is well. */
  assertSafe(): void {
    if (!this.ok) throw new CrashMatrixError(this.toString(), this.failures);
  }

  /** Steps by boundaries, and each failure with what to write. */
  toString(): string {
    const { length } = this.failures;
    const verdict = length === 0 ? 'every one is safe' : `${length} ${length === 1 ? 'problem' : 'problems'}`;
    const omitted = this.omitted === 0 ? '' : `, ${this.omitted} more left out (limit)`;
    return [
      `crash matrix of ${this.title}: ${this.cells.length} boundaries${omitted}, ${verdict}`,
      ...(this.cells.length === 0 ? [] : ['', ...this.table()]),
      ...(this.silent.length === 0 ? [] : ['', `  no call of these was seen: ${this.silent.join(', ')}`]),
      ...this.failures.flatMap((failure, at) => ['', ...sectionOf(failure, at + 1)]),
    ].join('\n');
  }

  private table(): readonly string[] {
    const boundaries = Object.keys(BOUNDARY_TITLES) as Boundary[];
    const steps = [...new Set(this.cells.map(({ step }) => step))];
    const width = Math.max(...steps.map((step) => step.length));
    const row = (head: string, columns: readonly string[]): string =>
      `  ${head.padEnd(width)}  ${columns.map((text, at) => text.padEnd(boundaries[at]?.length ?? 0)).join('  ')}`.trimEnd();
    return [
      row('', boundaries),
      ...steps.map((step) =>
        row(
          step,
          boundaries.map((boundary) => this.mark(step, boundary)),
        ),
      ),
    ];
  }

  private mark(step: string, boundary: Boundary): string {
    const cells = this.cells.filter((cell) => cell.step === step && cell.boundary === boundary);
    if (cells.length === 0) return '';
    const unsafe = cells.filter(({ isSafe }) => !isSafe).length;
    if (unsafe === 0) return cells.length === 1 ? 'safe' : `safe ×${cells.length}`;
    return cells.length === 1 ? 'UNSAFE' : `UNSAFE ${unsafe}/${cells.length}`;
  }
}

function sectionOf(failure: CrashFailure, at: number): readonly string[] {
  const { step, found, write } = failure;
  const indent = ' '.repeat(String(at).length + 4);
  return [
    `  ${at}. ${step}`,
    `${indent}crash  ${whereOf(failure)}`,
    `${indent}found  ${found}`,
    `${indent}write  ${write}`,
  ];
}

/** Where the process died: at boundaries of the step itself, and of others. */
function whereOf({ step, cells, isInCleanRun }: CrashFailure): string {
  const own = cells.filter((cell) => cell.step === step);
  const others = cells.filter((cell) => cell.step !== step);
  const first = others[0];
  return [
    ...(isInCleanRun ? ['without any crash'] : []),
    ...boundariesOf(own),
    ...(first === undefined
      ? []
      : [
          others.length === 1
            ? cellTitle(first)
            : `${others.length} of other steps, for one ${cellTitle(first)}`,
        ]),
  ].join('; ');
}

/** Each boundary once, with the first time that it failed. */
function boundariesOf(cells: readonly CrashCell[]): readonly string[] {
  const titles = new Map<Boundary, string>();
  for (const cell of cells) if (!titles.has(cell.boundary)) titles.set(cell.boundary, boundaryTitle(cell));
  return [...titles.values()];
}

/** One failure for all cells that show the same. */
function gathered(cleanFindings: readonly Finding[], runs: readonly CrashedRun[]): readonly CrashFailure[] {
  const failures = new Map<string, CrashFailure & { readonly cells: CrashCell[] }>();
  const add = (finding: Finding, cell: CrashCell | null): void => {
    const { kind, step, effect } = finding;
    const id = JSON.stringify([kind, step, effect]);
    const failure = failures.get(id) ?? { ...finding, cells: [], isInCleanRun: cell === null };
    failures.set(id, failure);
    if (cell !== null) failure.cells.push({ step: cell.step, boundary: cell.boundary, time: cell.time });
  };
  for (const finding of cleanFindings) add(finding, null);
  for (const { cell, findings } of runs) for (const finding of findings) add(finding, cell);
  return [...failures.values()];
}
