import type { DefinitionRef, MessageKind } from '../model/execution.js';
import type { EventId, ExecutionId } from '../model/ids.js';
import type { DecodedCopy, EncodedValue } from '../ports/codec.js';
import type { Gate, NewEvent, NewExecution, PublishWrite } from '../ports/store-write.js';
import type { PublishRequest } from './publish-request.js';

/** What an execution listens to at first. */
const firstListening: readonly MessageKind[] = Object.freeze(['cancel'] as const);

/** An event that is not stored yet: whoever publishes it may still say who begins what it starts. */
export interface PreparedEvent extends NewEvent {
  readonly executions: readonly PreparedExecution[];
}

/** Its owner is set by whoever publishes it. */
export interface PreparedExecution extends NewExecution {
  owner: NewExecution['owner'];
}

// All of these are classes for the reason that `freshList` gives.

/** An event that was checked and encoded; who takes it is still to be told. */
export class EncodedEvent {
  constructor(
    readonly request: PublishRequest,
    readonly data: unknown,
    readonly input: EncodedValue,
    readonly madeId: string,
    readonly depth: number,
  ) {}
}

/** The event, and what whoever begins its executions here need not decode. */
export class Prepared {
  constructor(
    readonly request: PublishRequest,
    readonly event: PreparedEvent,
    /** Of its input, for whoever takes it first; null: decode the input. */
    readonly copy: DecodedCopy | null,
  ) {}
}

/** It leaves nothing in a mailbox. */
export class PlainEvent implements PreparedEvent {
  constructor(
    readonly id: EventId,
    readonly name: string,
    readonly session: string | null,
    readonly dedup: NewEvent['dedup'],
    readonly executions: readonly PreparedExecution[],
  ) {}
}

/** It collects nothing. */
export class PlainExecution implements PreparedExecution {
  owner: NewExecution['owner'] = null;
  readonly listening = firstListening;

  constructor(
    readonly id: ExecutionId,
    readonly definition: DefinitionRef,
    readonly input: string,
    readonly schemaHash: string | null,
    readonly gate: Gate | null,
    readonly lane: string,
    readonly priority: number,
    readonly depth: number,
    readonly dueAt: number | null,
  ) {}
}

/** Accepts events. */
export class PlainPublish implements PublishWrite {
  readonly kind = 'publish';

  constructor(readonly events: readonly NewEvent[]) {}
}
