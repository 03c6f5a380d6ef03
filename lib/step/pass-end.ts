import type { Cancel } from '../model/cancel-reason.js';
import type { DecodedCopy } from '../ports/codec.js';
import type { Gate, NewEvent, NextTurn } from '../ports/store-write.js';
import type { RetryDecision } from '../model/decide-retry.js';
import type { MessageKind, Timers, WaitReason } from '../model/execution.js';

/** The handler is done. */
export interface Completed {
  readonly kind: 'completed';
  /** The encoded value. */
  readonly text: string | null;
  /** The `seq` of a row with that very value, committed before or with this end. Absent or null: there is none. */
  readonly valueSeq?: number | null;
  /** Absent or null: decode the text. */
  readonly copy?: DecodedCopy | null;
}

/** How a pass ended: what is left to commit about it. */
export type PassEnd =
  | Completed
  | { readonly kind: 'failed'; readonly error: unknown }
  /** The handler threw; its own retry policy decides, unless it has done so. */
  | { readonly kind: 'threw'; readonly error: unknown; readonly decision?: RetryDecision }
  /** `reason`: as the message told. */
  | { readonly kind: 'cancelled'; readonly reason: string | null }
  /** What stood was undone: the execution ends as it would have before. `error` is encoded. */
  | {
      readonly kind: 'undone';
      readonly status: 'failed' | 'cancelled';
      readonly error: string | null;
      readonly reason: string | null;
    }
  | { readonly kind: 'skipped' }
  /** The turn has ended, the execution has not. */
  | { readonly kind: 'renewed'; readonly next: NextTurn }
  /** It was published by somebody who could not tell its gate: it queues there, ready at once when that is open. */
  | { readonly kind: 'gated'; readonly gate: Gate }
  /** Its event goes into a batch, where somebody else handles it. */
  | { readonly kind: 'collected'; readonly event: NewEvent }
  | { readonly kind: 'parked'; readonly error: unknown }
  /** `holds`: whose permits stay, since their bodies have begun. `wakes`: the kinds of message that end what it waits for. */
  | {
      readonly kind: 'waiting';
      readonly reason: WaitReason;
      readonly timers: Timers;
      readonly holds?: readonly string[];
      readonly wakes: readonly MessageKind[];
    }
  /** Handed back at the last checkpoint, ready at once. */
  | { readonly kind: 'yielded' }
  /** The lease is another's, or the app was closed: nothing may be written. */
  | { readonly kind: 'lost' };

/** Why bodies are told to stop, where nobody says more. */
export function reasonOf(end: PassEnd): unknown {
  if (end.kind === 'lost') return new Error('the lease was lost');
  return end.kind === 'failed' || end.kind === 'threw' || end.kind === 'parked' ? end.error : null;
}

export function cancelledBy({ reason }: Cancel): PassEnd {
  return { kind: 'cancelled', reason };
}

/** Whoever began a pass: told once, as it ends. */
export interface PassOwner {
  passEnded(end: PassEnd): void;
}
