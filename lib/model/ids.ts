declare const brand: unique symbol;

/** A string that only its maker may call an id of that kind; at run time a plain string. */
type Id<Kind extends string> = string & { readonly [brand]: Kind };

/** Names an execution. */
export type ExecutionId = Id<'execution'>;
/** Names an accepted event: an explicit id, or a made one. */
export type EventId = Id<'event'>;
/** Names a message to an execution. */
export type MessageId = Id<'message'>;
/** One started app in one process; a restart gets a new one. */
export type ProcessId = Id<'process'>;
