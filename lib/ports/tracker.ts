import type { KeyedKind } from '../model/keyed.js';
import type { LifecycleEvent, LifecycleEventName } from '../model/lifecycle-event.js';
import type { Clock } from './clock.js';
import type { IdGenerator } from './id-generator.js';
import type { Random } from './random.js';

/** What starts a handler: an event of its own, a schedule, or one that it shares a key with. */
export type HandlerKind = 'event' | 'schedule' | KeyedKind;

/** What a tracker gets of the app that it tracks. */
export interface TrackerContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: IdGenerator;
  /** Null: the app has no such handler, or not any more. */
  readonly kindOf: (worker: string, handler: string) => HandlerKind | null;
  /** Tells of a fault of the tracker's own, as `app.fault`. */
  readonly fault: (error: unknown) => void;
}

/** Where lifecycle events go, beside logs and metrics. */
export interface Tracker {
  /** Names that it wants; `'custom.*'` stands for all custom ones. The engine builds no event that nobody wants. */
  readonly events: readonly LifecycleEventName[];
  /** Begins to track an app; each app that it is given to is tracked apart. */
  track(context: TrackerContext): Tracking;
}

/** One app being tracked. */
export interface Tracking {
  /** Called in the middle of work: takes the event and returns. Never throws. */
  add(event: LifecycleEvent): void;
  /** Hands over what it holds, within a bound of its own; holds no timer afterwards until the next event. Never rejects. */
  flush(): Promise<void>;
  /** Ends it at once, a `flush` that is under way too: what is left is dropped. */
  end(): void;
}
