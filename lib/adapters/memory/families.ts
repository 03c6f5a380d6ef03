import { isTerminal } from '../../model/execution.js';
import type { Entry } from './entry.js';
import { isWithin } from './is-within.js';

/** What families do to executions. */
export interface FamilyDeeds {
  /** Puts a `child` message into the inbox of a parent, and wakes it. */
  tell(parent: Entry, child: Entry, now: number): void;
  /** Puts a `cancel` message into the inbox of a child whose parent wants nothing of it any more. */
  cancel(child: Entry, parent: Entry, now: number): void;
  /** It has ended, and nobody waits for it any more: it may be removed. */
  free(child: Entry): void;
}

/** Executions that others wait for. */
export class Families {
  constructor(private readonly does: FamilyDeeds) {}

  join(child: Entry, parent: Entry, holder: string): void {
    child.parent = { entry: parent, holder };
    parent.children ??= new Set();
    parent.children.add(child);
  }

  /** Whether it has to be kept although it ended. */
  keeps({ parent }: Entry): boolean {
    return parent !== null && !isTerminal(parent.entry.status);
  }

  ended(entry: Entry, now: number): void {
    const { parent } = entry;
    if (parent !== null && !isTerminal(parent.entry.status)) this.does.tell(parent.entry, entry, now);
    for (const child of entry.children ?? []) {
      if (!isTerminal(child.status)) this.does.cancel(child, entry, now);
      else this.free(child);
    }
  }

  /** The parent does not wait for those any more; null: for none. */
  withdraw(entry: Entry, holder: string | null, now: number): void {
    for (const child of entry.children ?? []) {
      if (holder !== null && !isWithin(child.parent?.holder ?? '', holder)) continue;
      this.part(child);
      if (!isTerminal(child.status)) this.does.cancel(child, entry, now);
      else this.free(child);
    }
  }

  /** The execution is removed. */
  forget(entry: Entry): void {
    this.part(entry);
    for (const child of entry.children ?? []) {
      this.part(child);
      this.free(child);
    }
  }

  private part(child: Entry): void {
    const parent = child.parent?.entry;
    child.parent = null;
    parent?.children?.delete(child);
    if (parent?.children?.size === 0) parent.children = null;
  }

  private free(child: Entry): void {
    if (child.place === 'none' && isTerminal(child.status)) this.does.free(child);
  }
}
