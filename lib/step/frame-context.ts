import type { ExecutionContext, ExecutionLog } from '../model/execution-context.js';
import { namesOf } from '../model/path.js';
import { DeterministicRandom, deterministicUuid } from './deterministic-random.js';
import { instanceOf } from './instance-of.js';
import type { Frame } from './frame.js';
import { turnId } from './turn-id.js';

const levels = ['debug', 'info', 'warn', 'error'] as const;
const severity: readonly string[] = [...levels, 'silent'];

/** `execution()` below one body. */
export class FrameContext implements ExecutionContext {
  private stream: DeterministicRandom | null = null;
  private uuids = 0;

  constructor(private readonly frame: Frame) {}

  get id(): string {
    return this.frame.pass.record.id;
  }

  get worker(): string {
    return this.frame.pass.worker.id;
  }

  get handler(): string {
    return this.frame.pass.handler.method;
  }

  get event(): string {
    return this.frame.pass.record.eventName;
  }

  get session(): string | null {
    return this.frame.pass.record.session;
  }

  get startedAt(): number {
    return this.frame.pass.record.startedAt ?? this.frame.pass.record.createdAt;
  }

  get attempt(): number {
    return this.frame.attempt;
  }

  get isRetry(): boolean {
    return this.frame.attempt > 1;
  }

  get step(): string | null {
    return this.frame.parent === null ? null : namesOf(this.frame.path);
  }

  get depth(): number {
    return this.frame.pass.record.depth;
  }

  get idempotencyKey(): string {
    return this.frame.idempotencyKey;
  }

  get signal(): AbortSignal {
    return this.frame.signal;
  }

  get log(): ExecutionLog {
    const { pass } = this.frame;
    const fields = {
      execution: this.id,
      worker: this.worker,
      handler: this.handler,
      step: this.step,
      ...instanceOf(pass.handler, pass.record),
    };
    const log = Object.create(null) as Record<(typeof levels)[number], ExecutionLog['info']>;
    const least = severity.indexOf(pass.worker.logLevel ?? 'debug');
    for (const level of levels)
      log[level] = (message, details) => {
        if (pass.isReplaying || this.frame.isDead || severity.indexOf(level) < least) return;
        pass.services.settings.logger[level](message, { ...details, ...fields });
      };
    return log;
  }

  emit(name: string, data?: unknown): void {
    const { pass } = this.frame;
    const full = `custom.${name}` as const;
    if (pass.isReplaying || this.frame.isDead || !pass.services.observer.wants(full)) return;
    pass.services.observer.emit({
      name: full,
      data,
      executionId: pass.record.id,
      worker: this.worker,
      handler: this.handler,
      session: this.session,
      ...instanceOf(pass.handler, pass.record),
      at: pass.services.clock.now(),
    });
  }

  progress(percent: number): void {
    this.emit('progress', { percent });
  }

  now(): number {
    return this.frame.time;
  }

  random(): number {
    this.stream ??= new DeterministicRandom(`${this.seed} ${this.path}`);
    return this.stream.next();
  }

  uuid(): string {
    return deterministicUuid(`${this.seed} ${this.path} ${this.uuids++}`);
  }

  private get seed(): string {
    return turnId(this.frame.pass.record);
  }

  /** Every attempt draws the same, also under another name. */
  private get path(): string {
    return this.frame.pass.outsidePath(this.frame.path);
  }
}
