import type { Work } from '../engine/work.js';
import type { ExecutionRecord, Timers } from '../model/execution.js';
import type { ProcessId } from '../model/ids.js';
import type { DecodedCopy } from '../ports/codec.js';
import type { NewEvent, NewExecution } from '../ports/store-write.js';

const nothing: readonly never[] = [];
const noTimers: Timers = Object.freeze({});

/** An execution that was stored leased to this process, as a claim would have brought it. */
export function workOf(
  event: NewEvent,
  execution: NewExecution,
  owner: ProcessId,
  key: number,
  createdAt: number,
  copy: DecodedCopy | null,
): Work {
  const record: ExecutionRecord = {
    id: execution.id,
    definition: execution.definition,
    eventId: event.id,
    eventName: event.name,
    input: execution.input,
    schemaHash: execution.schemaHash,
    session: event.session,
    lane: execution.lane,
    gate: execution.gate?.name ?? null,
    priority: execution.priority,
    depth: execution.depth,
    status: 'running',
    waitReason: null,
    attempt: 1,
    turn: 0,
    epoch: 0,
    timers: noTimers,
    listening: execution.listening,
    seenInboxSeq: 0,
    value: null,
    error: null,
    owner,
    fence: 1,
    createdAt,
    startedAt: createdAt,
    endedAt: null,
  };
  const lease = { executionId: execution.id, key, owner, fence: 1 };
  return { lease, record, copy, journal: nothing, inbox: nothing, strikes: 0 };
}
