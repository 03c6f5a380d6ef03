import type { Checkpoint } from '../model/checkpoint.js';
import type { WorkerDefinition } from '../model/definition.js';
import type { ExecutionRecord } from '../model/execution.js';
import type { Lease } from '../model/lease.js';
import type { StoredOutcome } from '../model/outcome.js';
import type { DecodedCopy } from '../ports/codec.js';
import type { InstanceResolver } from '../ports/instance-resolver.js';
import type { CollectedBatch } from '../ports/stored-instance.js';
import type { NewEvent, RecordChange, StoredMessage } from '../ports/store-write.js';
import type { Pass } from '../step/pass.js';
import type { PassServices } from '../step/pass-services.js';
import type { Definitions } from './definitions.js';
import type { DeployGate } from './deploy-gate.js';

/** A leased execution, from a claim or straight from its publish. */
export interface Work {
  readonly lease: Lease;
  readonly record: ExecutionRecord;
  /** Of the record's input. Absent or null: decode that. */
  readonly copy?: DecodedCopy | null;
  readonly journal: readonly Checkpoint[];
  readonly inbox: readonly StoredMessage[];
  readonly strikes: number;
  /** Since when it was due, by the store's clock. Absent: it was leased by its publish. */
  readonly dueSince?: number;
  /** What it has collected. Absent: it does not collect. */
  readonly batch?: CollectedBatch;
}

/** Gives the objects that a pass runs methods on. */
export interface Receivers {
  receiverOf(worker: WorkerDefinition): object | Promise<object>;
}

/** What became of an execution: how it ended, or why nobody will tell. */
export type AwaitedOutcome =
  | StoredOutcome
  /** The store holds no such execution any more: retention removed it. */
  | 'gone'
  /** The app closes before the execution is settled. */
  | 'closed';

/** Who waits for one: told once. */
export interface Waiter {
  told(outcome: AwaitedOutcome): void;
}

/** A pass under way, as the consumer sees it. */
export interface Run {
  readonly pass: Pass;
  /** Its end is stored, or may not be. */
  readonly hasEnded: boolean;
  /** Who waits in this process for how its execution ends, until the pass has ended; null: nobody. */
  waiter: Waiter | null;
  /** Resolves when it has ended, after whoever began it was told. */
  readonly ended: Promise<void>;
  /** Resolves when, besides, no body of it uses the process any more. */
  readonly emptied: Promise<void>;
  /** How the execution stands, once the pass has stored it; null before. */
  readonly outcome: StoredOutcome | null;
  /** The copy of that outcome's value, for the first who asks; null: decode the value. */
  takeReturned(): DecodedCopy | null;
  /** Of the newest message that it was given. */
  readonly seenInboxSeq: number;
  /** Messages that came while it runs. */
  deliver(messages: readonly StoredMessage[]): void;
}

/** Whoever began a pass: told once that its end is stored, or may not be. */
export interface RunOwner {
  ended(run: Run): void;
}

/** What passes need beside the services that steps see. */
export interface ExecutorOptions {
  readonly services: PassServices;
  readonly definitions: Definitions;
  readonly resolver: InstanceResolver;
  readonly deployGate: Pick<DeployGate, 'check'>;
  /** Told when the end of a pass is stored. `due`: the execution is ready again at once. */
  readonly stored: (
    record: ExecutionRecord,
    outcome: StoredOutcome,
    change: RecordChange,
    due: boolean,
  ) => void;
  /** Told when the end of a turn has left its instance an event ahead, with its execution. */
  readonly armed: (ahead: NewEvent) => void;
}
