import type { StepDefinition } from '../model/definition.js';
import type { RetryPolicy } from '../model/retry-policy.js';
import type { StepCall } from '../ports/current-execution.js';
import { callStep } from './call-method.js';
import type { Frame } from './frame.js';
import type { StartLimits } from './start-within.js';
import { limitsOf } from './limits-of.js';
import type { StepSpec } from './step-run.js';

/** A call of a `@Step` method, with the policies of its definition: the most frequent spec, one object each. */
export class MethodSpec implements StepSpec {
  readonly timeoutMs: number;
  readonly limits: StartLimits | Error | null;

  constructor(
    defaultTimeoutMs: number,
    private readonly definition: StepDefinition,
    private readonly call: StepCall,
  ) {
    this.timeoutMs = definition.timeoutMs ?? defaultTimeoutMs;
    this.limits = limitsOf(definition, call.args);
  }

  get retry(): RetryPolicy {
    return this.definition.retry;
  }

  get atMostOnce(): boolean {
    return this.definition.atMostOnce;
  }

  get receiver(): object {
    return this.call.receiver;
  }

  get args(): readonly unknown[] {
    return this.call.args;
  }

  invoke({ pass }: Frame): unknown {
    return callStep(pass.services.host, this.call);
  }
}
