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

  /** Names of the step whose failure caused the error, or null. */
  stepOf(error: unknown): string | null {
    if (typeof error !== 'object' || error === null) return this.primitives.get(error) ?? null;
    let cause: unknown = error;
    for (let depth = 0; depth < CAUSE_DEPTH && typeof cause === 'object' && cause !== null; depth++) {
      const step = this.objects.get(cause);
      if (step !== undefined) return step;
      cause = (cause as { readonly cause?: unknown }).cause;
    }
    return null;
  }
}
