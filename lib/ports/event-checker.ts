import type { MailRule } from '../model/mailbox.js';
import type { Violation } from '../model/violation.js';

/** An event as one schema library knows it: checks what comes in, restores what was stored. */
export interface EventChecker {
  /** Hash of the schema; null when the schema has none. A stored event is not checked again while it is equal. */
  readonly schemaHash: string | null;
  /** Checks and transforms. May be synchronous: the answer is only awaited when it is a promise. */
  check(data: unknown): CheckedEvent | Promise<CheckedEvent>;
  /** The value that handlers receive, from the decoded plain data of an earlier `check`. */
  restore(data: unknown): unknown;
}

export type CheckedEvent =
  /** `data` is what is stored, and what `restore` gets back. */
  | { readonly ok: true; readonly data: unknown }
  | { readonly ok: false; readonly violations: readonly Violation[] };

/** An event that can be published: its name on the wire and how to check it. */
export interface EventDefinition {
  readonly name: string;
  /** Further names that subscriptions may use for it: that of the union it belongs to. */
  readonly families: readonly string[];
  readonly checker: EventChecker;
  /** How it finds those that wait for it; absent: nobody can. */
  readonly mail?: MailRule;
}
