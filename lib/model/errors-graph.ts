import { HoldfastError } from './errors.js';
import { type GraphDifference, isCompatible, sentenceOf } from './graph-comparison.js';

/** No branch of a route took the value, and none has `when: 'otherwise'`. The execution fails; another attempt would end the same. */
export class NoRouteError extends HoldfastError {
  static readonly code = 'NO_ROUTE';
  readonly code = NoRouteError.code;
  override readonly name = 'NoRouteError';

  /** `step`: whose value no branch takes; of a join all of them, `'reserve, charge'`. `branches`: the steps that could have taken it. */
  constructor(
    readonly step: string,
    readonly branches: readonly string[],
  ) {
    const after = step.split(', ');
    super(
      `the value of ${listed(after)} is taken by none of the branches ${listed(branches)}: every \`when\` answered false. Declare a branch for the rest: @Step({ after: ${after.length === 1 ? listed(after) : `[${listed(after)}]`}, when: 'otherwise' })`,
    );
  }
}

/** A list that `each` should fan out over is longer than one execution may hold: 5,000 items. */
export class TooManyItemsError extends HoldfastError {
  static readonly code = 'TOO_MANY_ITEMS';
  readonly code = TooManyItemsError.code;
  override readonly name = 'TooManyItemsError';

  constructor(
    readonly step: string,
    readonly found: number,
    readonly limit: number,
  ) {
    super(
      `step '${step}' fans out over ${found} items; \`each\` takes at most ${limit}. Publish an event per part of the list, so that each part has an execution of its own`,
    );
  }
}

/** The compensation of a step failed for good. The execution is parked: mend the cause, then `resume()` goes on with it. */
export class CompensationError extends HoldfastError {
  static readonly code = 'COMPENSATION_FAILED';
  readonly code = CompensationError.code;
  override readonly name = 'CompensationError';

  /** `step`: what should be undone. `compensation`: the method that undoes it. `cause`: its last error. */
  constructor(
    readonly step: string,
    readonly compensation: string,
    cause: unknown,
  ) {
    super(
      `step '${step}' could not be undone: its compensation '${compensation}' failed for good. Mend the cause, then call resume()`,
      { cause },
    );
  }
}

/** An execution recorded steps that the present code has no place for. It is parked before any of that code runs. */
export class GraphMismatchError extends HoldfastError {
  static readonly code = 'GRAPH_MISMATCH';
  readonly code = GraphMismatchError.code;
  override readonly name = 'GraphMismatchError';
  /** Names of the steps, as they were recorded. */
  readonly steps: readonly string[];

  constructor(
    /** Ids, at most ten of them. */
    readonly executions: readonly string[],
    definition: string,
    differences: readonly Pick<GraphDifference, 'verdict' | 'step' | 'what' | 'write'>[],
    /** How many executions there are in all. */
    readonly count: number = executions.length,
  ) {
    const fatal = differences.filter(({ verdict }) => !isCompatible(verdict));
    super(
      `${subjectOf(executions, definition, count)} recorded by another version of the worker: ${sentenceOf(differences)}. ` +
        `Then resume(). 'npx holdfast check' tells this before a deploy`,
    );
    this.steps = fatal.map(({ step }) => step);
  }
}

function subjectOf(executions: readonly string[], definition: string, count: number): string {
  if (count === 1) return `execution ${listed(executions)} of ${definition} was`;
  const rest = count > executions.length ? ` and ${count - executions.length} more` : '';
  return `${count} executions of ${definition} (${listed(executions)}${rest}) were`;
}

/** Code called a step that is declared with `after`, or a compensation. */
export class DeclaredStepCalledError extends HoldfastError {
  static readonly code = 'DECLARED_STEP_CALLED';
  readonly code = DeclaredStepCalledError.code;
  override readonly name = 'DeclaredStepCalledError';

  constructor(
    readonly worker: string,
    readonly step: string,
  ) {
    super(
      `${worker}.${step} is declared with \`after\` or @Compensate: it runs by itself, and code cannot call it. Write a plain @Step() method for what code calls`,
    );
  }
}

function listed(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(', ');
}
