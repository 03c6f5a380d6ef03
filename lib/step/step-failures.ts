const CAUSE_DEPTH = 8;

/** Errors that came out of steps for good, with the names of the step: thrown on, they are known again. */
export class StepFailures {
  private readonly objects = new WeakMap<object, string>();
  /** Thrown values that are no objects are known by their value. */
  private readonly primitives = new Map<unknown, string>();

  add(error: unknown, step: string): void {
    if (typeof error === 'object' && error !== null) this.objects.set(error, step);
    else this.primitives.set(error, step);
  }

  /**
   * Names of the step whose failure caused the error, or null. An error that gathers others, as that of `Promise.any`, was
   * caused by steps when each of them was.
   */
  stepOf(error: unknown): string | null {
    try {
      return this.find(error, 0);
    } catch {
      // What was thrown may be anything, and does not let itself be read.
      return null;
    }
  }

  private find(error: unknown, depth: number): string | null {
    if (typeof error !== 'object' || error === null)
      return depth === 0 ? (this.primitives.get(error) ?? null) : null;
    const step = this.objects.get(error);
    if (step !== undefined || depth === CAUSE_DEPTH) return step ?? null;
    const gathered = error instanceof AggregateError ? this.findAll(error.errors, depth) : null;
    return gathered ?? this.find((error as { readonly cause?: unknown }).cause, depth + 1);
  }

  private findAll(errors: readonly unknown[], depth: number): string | null {
    let first: string | null = null;
    for (const each of errors) {
      const step = this.find(each, depth + 1) ?? this.primitives.get(each);
      if (step === undefined) return null;
      first ??= step;
    }
    return first;
  }
}
