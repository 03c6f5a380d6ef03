import type { EventId, ExecutionId } from '../../model/ids.js';
import { type Entry, EventWait, type Got } from './entry.js';
import type { EntryTable } from './entry-table.js';
import { Letter, type Mailboxes } from './mailboxes.js';

/** Mailboxes and waits, as plain data. */
export interface MailboxState {
  readonly lastNumber: number;
  readonly letters: readonly MemoryLetter[];
  readonly waits: readonly MemoryWait[];
}

interface MemoryLetter {
  readonly number: number;
  readonly box: string;
  readonly session: string | null;
  readonly eventId: EventId;
  readonly acceptedAt: number;
  readonly newest: number;
  readonly until: number;
  readonly payload: string;
  readonly schemaHash: string | null;
}

interface MemoryWait {
  readonly number: number;
  readonly execution: ExecutionId;
  readonly holder: string;
  readonly box: string;
  readonly until: number | null;
  readonly except: EventId | null;
  readonly got: Got | null;
}

export function takeMailboxes(mailboxes: Mailboxes, entries: Iterable<Entry>): MailboxState {
  const waits: MemoryWait[] = [];
  for (const { id, waits: own } of entries)
    for (const { number, holder, box, until, except, got } of own?.values() ?? [])
      waits.push({
        number,
        execution: id,
        holder,
        box,
        until,
        except,
        got: got === null ? null : { ...got },
      });
  return {
    lastNumber: mailboxes.lastNumber,
    letters: Array.from(
      mailboxes.letters(),
      ({ number, box, session, eventId, acceptedAt, newest, until, payload, schemaHash }) => ({
        number,
        box,
        session,
        eventId,
        acceptedAt,
        newest,
        until,
        payload,
        schemaHash,
      }),
    ),
    waits: waits.sort((a, b) => a.number - b.number),
  };
}

/** Fills empty mailboxes; the executions are there already. */
export function putMailboxes(
  { lastNumber, letters, waits }: MailboxState,
  mailboxes: Mailboxes,
  all: Pick<EntryTable, 'find'>,
): void {
  mailboxes.lastNumber = lastNumber;
  for (const { number, box, session, eventId, acceptedAt, newest, until, payload, schemaHash } of letters)
    mailboxes.keep(new Letter(number, box, session, eventId, acceptedAt, newest, until, payload, schemaHash));
  for (const { number, execution, holder, box, until, except, got } of waits) {
    const entry = all.find(execution);
    if (entry === undefined) continue;
    const wait = new EventWait(number, entry, holder, box, until, except);
    wait.got = got;
    mailboxes.put(wait);
  }
}
