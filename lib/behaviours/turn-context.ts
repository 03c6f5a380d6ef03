import { NonRetryableError } from '../model/errors-step.js';
import type { ExecutionContext, ExecutionLog } from '../model/execution-context.js';
import { shared } from '../ports/current-execution.js';

/** The context of a turn: that of its execution, and what an instance has besides. */
export abstract class TurnContext implements ExecutionContext {
  constructor(private readonly outer: ExecutionContext) {}

  get id(): string {
    return this.outer.id;
  }

  get worker(): string {
    return this.outer.worker;
  }

  get handler(): string {
    return this.outer.handler;
  }

  get event(): string {
    return this.outer.event;
  }

  get session(): string | null {
    return this.outer.session;
  }

  get startedAt(): number {
    return this.outer.startedAt;
  }

  get attempt(): number {
    return this.outer.attempt;
  }

  get isRetry(): boolean {
    return this.outer.isRetry;
  }

  get step(): string | null {
    return this.outer.step;
  }

  get depth(): number {
    return this.outer.depth;
  }

  get idempotencyKey(): string {
    return this.outer.idempotencyKey;
  }

  get signal(): AbortSignal {
    return this.outer.signal;
  }

  get log(): ExecutionLog {
    return this.outer.log;
  }

  emit(name: string, data?: unknown): void {
    this.outer.emit(name, data);
  }

  progress(percent: number): void {
    this.outer.progress(percent);
  }

  now(): number {
    return this.outer.now();
  }

  random(): number {
    return this.outer.random();
  }

  uuid(): string {
    return this.outer.uuid();
  }

  /** A step that is recorded is not run again on a resume: what it would change is lost then. */
  protected refuseInStep(call: string): void {
    const current = shared().storage.getStore()?.context as Partial<ExecutionContext> | undefined;
    if (typeof current?.step !== 'string') return;
    throw new NonRetryableError(
      `ctx.${call} was called in the step '${current.step}', which does not run again when its turn is resumed: the change would be lost. Return what it needs, and call ctx.${call} in the method itself`,
    );
  }
}
