import type { DebounceContext, FlushReason } from '../model/debounce-context.js';
import type { TerminalStatus } from '../model/execution.js';
import type { ExecutionContext } from '../model/execution-context.js';
import { type DebouncePolicy, instanceIdOf } from '../model/keyed.js';
import type { CollectedBatch } from '../ports/stored-instance.js';
import { callHandler } from '../step/call-method.js';
import type { Pass } from '../step/pass.js';
import type { Turn } from '../step/turn.js';
import { batchEvents, foldEvents } from './batch-events.js';
import { mostOf } from './batch-place.js';
import { TurnContext } from './turn-context.js';

/** One batch of a debounce. It keeps nothing between batches. */
export class BatchTurn implements Turn {
  readonly eventCount: number;
  readonly flushReason: FlushReason;
  readonly instanceId: string;
  private events: readonly unknown[] = [];

  constructor(
    private readonly pass: Pass,
    private readonly policy: DebouncePolicy,
    readonly instanceName: string,
    batch: CollectedBatch,
  ) {
    this.eventCount = batch.count;
    this.flushReason = this.reasonOf(batch);
    this.instanceId = instanceIdOf(pass.worker.id, instanceName);
  }

  async load(): Promise<boolean> {
    const { services, record } = this.pass;
    this.events = await batchEvents(services.instances, services, record.id);
    return true;
  }

  resume(): boolean {
    return false;
  }

  async run(receiver: object, _event: unknown, outer: ExecutionContext): Promise<unknown> {
    const { events, policy, instanceId, pass } = this;
    const context = new BatchContext(outer, this, pass.record.createdAt);
    const call = (received: unknown): unknown =>
      callHandler(pass.services.host, receiver, pass.handler.method, [received, context]);
    if (policy.reduce !== null) return call(await foldEvents(receiver, policy.reduce, events, instanceId));
    return call(policy.collect === 'latest' ? events.at(-1) : [...events]);
  }

  failed(): boolean {
    return false;
  }

  changeFor(): null {
    return null;
  }

  /** It has no instance. */
  accepts(): boolean {
    return false;
  }

  stored(status: 'parked' | TerminalStatus): void {
    const { services, record, worker, handler } = this.pass;
    const { observer, clock } = services;
    if (status !== 'completed' || !observer.wants('debounce.flushed')) return;
    const { eventCount, flushReason, instanceId } = this;
    const at = clock.now();
    observer.emit({
      name: 'debounce.flushed',
      executionId: record.id,
      worker: worker.id,
      handler: handler.method,
      session: record.session,
      instanceId,
      eventCount,
      reason: flushReason,
      durationMs: at - (record.startedAt ?? at),
      at,
    });
  }

  private reasonOf({ count, dueAt, flushed }: CollectedBatch): FlushReason {
    const { slides, maxWaitMs, most } = this.policy;
    const { record, services } = this.pass;
    if (flushed) return 'manual';
    if (count >= mostOf(most, services.settings.limits.bufferedEvents)) return 'maxEvents';
    return slides && maxWaitMs !== null && dueAt >= record.createdAt + maxWaitMs ? 'maxWait' : 'flushAfter';
  }
}

class BatchContext extends TurnContext implements DebounceContext {
  readonly eventCount: number;
  readonly flushReason: FlushReason;
  readonly instanceId: string;

  constructor(
    outer: ExecutionContext,
    { eventCount, flushReason, instanceId }: BatchTurn,
    readonly debounceStartedAt: number,
  ) {
    super(outer);
    this.eventCount = eventCount;
    this.flushReason = flushReason;
    this.instanceId = instanceId;
  }

  get executionStartedAt(): number {
    return this.startedAt;
  }
}
