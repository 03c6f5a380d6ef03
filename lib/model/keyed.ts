import type { PolicyKey } from './policies.js';
import type { StateSource } from './state-source.js';

/** How the executions of a handler share a key: as turns of one instance, one at a time, or as one batch. */
export type KeyedPolicy = ActorPolicy | RecurringPolicy | DebouncePolicy;

export type KeyedKind = KeyedPolicy['kind'];

/** Each event is a message to the actor of its key, and one turn of it. */
export interface ActorPolicy {
  readonly kind: 'actor';
  /** Where its events have the key, unless their route says otherwise; null: each route does. */
  readonly key: PolicyKey | null;
  readonly state: StateSource;
  /** The definition that an alarm starts; null: it has none. */
  readonly alarm: string | null;
  /** The method that runs when nothing is scheduled after a turn; null: none. */
  readonly idle: string | null;
  /** The method that takes a message whose attempts are spent; null: it parks. */
  readonly error: string | null;
}

/** Each tick is one turn of the job of its id. */
export interface RecurringPolicy {
  readonly kind: 'recurring';
  /** Null: it keeps none. */
  readonly state: StateSource | null;
}

/** Events of one key that come together are one execution. Intervals are ms. */
export interface DebouncePolicy {
  readonly kind: 'debounce';
  readonly key: PolicyKey;
  readonly flushAfterMs: number;
  /** Each event puts the flush off anew: `mode: 'trailing'`. */
  readonly slides: boolean;
  /** Null: no bound. */
  readonly maxWaitMs: number | null;
  /** Events of one batch; null: as many as `limits.bufferedEvents`. */
  readonly most: number | null;
  readonly collect: 'all' | 'latest';
  /** The method that folds its events to a state; null: none. */
  readonly reduce: string | null;
}

/** What publishers without the class need to know of a keyed handler. `key`: its field path; null: only the class can tell. */
export type RoutingRule =
  | { readonly kind: 'actor'; readonly key: string | null }
  | ({ readonly kind: 'debounce'; readonly key: string | null } & Pick<
      DebouncePolicy,
      'flushAfterMs' | 'slides' | 'maxWaitMs' | 'most'
    >);

/**
 * What an instance, its gate or its batch is named in the store. `owner`: the id of an actor's
 * worker, of all others that of the handler's definition. It holds no `:`, so that no two names meet, whatever the key holds.
 */
export function instanceName(kind: KeyedKind, owner: string, key: string): string {
  return `${kind}:${owner}:${key}`;
}

/** The `instanceId` that users see of what has that name: `kind:worker:key`. */
export function instanceIdOf(worker: string, name: string): string {
  return `${name.slice(0, name.indexOf(':'))}:${worker}:${keyOfInstance(name)}`;
}

/** The key in an instance's name. */
function keyOfInstance(name: string): string {
  return name.slice(name.indexOf(':', name.indexOf(':') + 1) + 1);
}
