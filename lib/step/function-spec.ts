import type { RetryPolicy } from '../model/retry-policy.js';
import type { EffectfulStep, StepSpec } from './step-run.js';

/** A call of a function instead of a `@Step` method: it has no policies of its own, no receiver and no arguments. */
export class FunctionSpec implements StepSpec {
  readonly atMostOnce = false;
  readonly limits = null;
  readonly receiver = null;
  readonly args: readonly unknown[] = [];

  constructor(
    readonly timeoutMs: number,
    readonly retry: RetryPolicy,
    private readonly body: () => unknown,
    readonly effects?: EffectfulStep,
  ) {}

  /** Bare: the frame is nothing to code of users, whose function may have an optional parameter. */
  invoke(): unknown {
    const { body } = this;
    return body();
  }
}
