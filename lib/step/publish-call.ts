import { EventConflictError, MailboxFullError } from '../model/errors-event.js';
import type { EventId } from '../model/ids.js';
import type { KnownEvent, NewEvent, RejectReason } from '../ports/store-write.js';

/** What a publish inside an execution stores, and its promise gives. */
export interface PublishedEvents {
  readonly events: readonly {
    readonly eventId: string;
    readonly event: string;
    readonly executions: KnownEvent['executions'];
  }[];
}

/** One event of a publish inside an execution. */
export interface PublishedEvent {
  readonly event: NewEvent;
  /** The executions that its id stands for since it was first published; null: the step's commit creates its own. */
  readonly known: KnownEvent['executions'] | null;
}

/** What the step's commit accepts. */
export function newEventsOf(published: readonly PublishedEvent[]): readonly NewEvent[] {
  return published.filter(({ known }) => known === null).map(({ event }) => event);
}

/** After a commit that was refused, since some of its events were published before. */
export function withKnown(
  published: readonly PublishedEvent[],
  known: readonly KnownEvent[],
): readonly PublishedEvent[] {
  const byIndex = new Map(known.map(({ eventIndex, executions }) => [eventIndex, executions]));
  let sent = 0;
  return published.map((each) =>
    each.known === null ? { event: each.event, known: byIndex.get(sent++) ?? null } : each,
  );
}

/** Why a publish was refused, as the publisher learns it. */
export function refusalOf(events: readonly NewEvent[], reason: RejectReason, eventId: EventId | null): Error {
  if (reason !== 'mailbox-full') {
    const refused = events.find(({ id }) => id === eventId);
    return new EventConflictError(eventId ?? '', refused?.name ?? '');
  }
  const full = events.find(({ id, mail }) => id === eventId && mail !== undefined);
  return new MailboxFullError(full?.name ?? '', full?.mail?.key ?? '');
}

/** What a replay gives again. */
export function summaryOf(published: readonly PublishedEvent[]): PublishedEvents {
  return {
    events: published.map(({ event, known }) => ({
      eventId: event.id,
      event: event.name,
      executions:
        known ??
        event.executions
          // Which one takes it is known only when it is stored: there is no handle.
          .filter(({ collect }) => collect === undefined)
          .map(({ id, definition }) => ({ id, definition: definition.id })),
    })),
  };
}
