import type { EventDefinition } from '../ports/event-checker.js';

/** One event to publish; the app has resolved what the user passed. Instants are epoch ms. */
export interface PublishRequest {
  readonly definition: EventDefinition;
  readonly data: unknown;
  /** An id given by the user: idempotent within the session. */
  readonly id: string | null;
  /** Not before; null: now. */
  readonly dueAt: number | null;
  readonly session: string | null;
  /** Null: the handler's own. */
  readonly priority: number | null;
  readonly dispatcherOptions: Readonly<Record<string, unknown>> | null;
  /** Whom it is for, alone; absent: all that take the event, and all that wait for it. */
  readonly to?: Addressee;
}

/** A keyed handler, or all of an actor. */
export interface Addressee {
  readonly worker: string;
  /** Null: each of the worker's. */
  readonly method: string | null;
  /** The key, as the caller names it; null: the event has it. */
  readonly key: string | null;
}
