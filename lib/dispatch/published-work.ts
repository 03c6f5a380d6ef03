import type { Work } from '../engine/work.js';
import type { DefinitionRef, ExecutionRecord, Timers } from '../model/execution.js';
import type { EventId, ExecutionId, ProcessId } from '../model/ids.js';
import type { Lease } from '../model/lease.js';
import type { DecodedCopy } from '../ports/codec.js';
import type { NewEvent, NewExecution } from '../ports/store-write.js';

const nothing: readonly never[] = Object.freeze([]);
const noTimers: Timers = Object.freeze({});

/**
 * An execution that was stored leased to this process, as a claim would have brought it. These are classes for the reason
 * that `freshList` gives.
 */
export class PublishedWork implements Work {
  readonly lease: Lease;
  readonly record: ExecutionRecord;
  readonly journal = nothing;
  readonly inbox = nothing;
  readonly strikes = 0;

  constructor(
    event: NewEvent,
    execution: NewExecution,
    owner: ProcessId,
    key: number,
    createdAt: number,
    readonly copy: DecodedCopy | null,
  ) {
    this.lease = new FirstLease(execution.id, key, owner);
    this.record = new FirstRecord(event, execution, owner, createdAt);
  }
}

class FirstLease implements Lease {
  readonly fence = 1;

  constructor(
    readonly executionId: ExecutionId,
    readonly key: number,
    readonly owner: ProcessId,
  ) {}
}

class FirstRecord implements ExecutionRecord {
  readonly id: ExecutionId;
  readonly definition: DefinitionRef;
  readonly eventId: EventId;
  readonly eventName: string;
  readonly input: string;
  readonly schemaHash: string | null;
  readonly session: string | null;
  readonly lane: string;
  readonly gate: string | null;
  readonly priority: number;
  readonly depth: number;
  readonly status = 'running';
  readonly waitReason = null;
  readonly attempt = 1;
  readonly turn = 0;
  readonly epoch = 0;
  readonly timers = noTimers;
  readonly listening: ExecutionRecord['listening'];
  readonly seenInboxSeq = 0;
  readonly value = null;
  readonly error = null;
  readonly fence = 1;
  readonly startedAt: number;
  readonly endedAt = null;

  constructor(
    event: NewEvent,
    execution: NewExecution,
    readonly owner: ProcessId,
    readonly createdAt: number,
  ) {
    this.id = execution.id;
    this.definition = execution.definition;
    this.eventId = event.id;
    this.eventName = event.name;
    this.input = execution.input;
    this.schemaHash = execution.schemaHash;
    this.session = event.session;
    this.lane = execution.lane;
    this.gate = execution.gate?.name ?? null;
    this.priority = execution.priority;
    this.depth = execution.depth;
    this.listening = execution.listening;
    this.startedAt = createdAt;
  }
}
