import type { ExecutionId } from '../model/ids.js';

/**
 * Ties an execution, a *child*, to the one that waits for it. When the child ends, a `child` message with its id as body is
 * put into the inbox of a parent that has not ended, in the same write: it wakes one that waits and listens to it, and is a
 * signal for one that runs, whatever it listens to. A child is not removed before its parent has ended.
 *
 * When the parent ends, each of its children that has not ended gets a `cancel` message, in the same write. So do children
 * that `Delta.withdraw` names and those of an older turn (`RecordChange.next`), which are nobody's children from then on. A
 * parent that is not stored is none.
 */
export interface Parent {
  readonly executionId: ExecutionId;
  /** The call of the parent that waits. Compared as `Withdrawal.holder`. */
  readonly holder: string;
}

/**
 * Gives up waits for events, and children: those of `holder` and those below it, whose holders begin with `holder/`. Open
 * waits end. What a wait has got is there again, as if it had never been given: an open wait of this execution for the same
 * mailbox gets it at once, else the next one that asks. Children that have not ended get a `cancel` message.
 */
export interface Withdrawal {
  readonly holder: string;
  /** Holders of waits that stay; `'all'`: only children are given up. */
  readonly except: readonly string[] | 'all';
}

/**
 * The execution goes on with another input and an empty journal, as the same execution: its `turn` grows by one, and the
 * journal rows of all turns before are removed, those of this delta included. Its waits for events are gone, and what they
 * had got is not given to it again; its children are (`Parent`). Inbox, gate, timers, `createdAt` and `startedAt` stay.
 */
export interface NextTurn {
  /** The event's name. */
  readonly event: string;
  /** The encoded payload. */
  readonly input: string;
  /** Hash of the schema that checked it; null when the schema has none. */
  readonly schemaHash: string | null;
}
