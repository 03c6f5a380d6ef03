import { isTerminal } from '../../model/execution.js';
import { FreshMap } from '../../model/fresh-map.js';
import type { OpenPage, OpenRequest } from '../../ports/stored-session.js';
import type { Entry } from './entry.js';

interface SessionEntries {
  /** In order of creation. */
  readonly stored: FreshMap<number, Entry>;
  open: number;
}

/** What is stored of each session. A session of which nothing is stored is not known. */
export class SessionTable {
  private readonly byName = new Map<string, SessionEntries>();

  stored(entry: Entry): void {
    const { session } = entry;
    if (session === null) return;
    let entries = this.byName.get(session);
    if (entries === undefined) this.byName.set(session, (entries = { stored: new FreshMap(), open: 0 }));
    entries.stored.set(entry.key, entry);
    if (!isTerminal(entry.status)) entries.open++;
  }

  removed(entry: Entry): void {
    const entries = this.of(entry);
    if (entries === undefined || !entries.stored.delete(entry.key)) return;
    if (!isTerminal(entry.status)) entries.open--;
    if (entries.stored.size === 0 && entry.session !== null) this.byName.delete(entry.session);
  }

  /** It has ended. */
  ended(entry: Entry): void {
    const entries = this.of(entry);
    if (entries !== undefined) entries.open--;
  }

  /** It had ended, and is open again. */
  reopened(entry: Entry): void {
    const entries = this.of(entry);
    if (entries !== undefined) entries.open++;
  }

  /** Its entries, in order of creation. */
  all(session: string): Iterable<Entry> {
    return this.byName.get(session)?.stored.values() ?? [];
  }

  /** Those with open executions, in order of their names. */
  open(after: string | null, limit: number): readonly string[] {
    const names: string[] = [];
    for (const [name, { open }] of this.byName)
      if (open > 0 && (after === null || name > after)) names.push(name);
    return names.sort().slice(0, limit);
  }

  page({ session, upTo, after, limit }: OpenRequest, lastKey: number): OpenPage {
    const newest = upTo ?? lastKey;
    const executions: { id: Entry['id']; definition: string }[] = [];
    let looked = 0;
    let last = after;
    for (const entry of this.all(session)) {
      if (entry.key <= after || isTerminal(entry.status)) continue;
      if (looked === limit) return { executions, upTo: newest, next: last, more: true };
      looked++;
      last = entry.key;
      if ((entry.root ?? entry.key) <= newest) executions.push({ id: entry.id, definition: entry.work.id });
    }
    return { executions, upTo: newest, next: last, more: false };
  }

  private of({ session }: Entry): SessionEntries | undefined {
    return session === null ? undefined : this.byName.get(session);
  }
}
