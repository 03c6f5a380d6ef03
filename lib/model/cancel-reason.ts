/** The body of the `cancel` messages with which a session is stopped. */
export const SESSION_STOPPED = 'session-stopped';

/** What cancelled an execution: the body of the message, null for one that has none. */
export interface Cancel {
  readonly reason: string | null;
}
