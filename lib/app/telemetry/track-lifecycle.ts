import type { Clock } from '../../ports/clock.js';
import type { IdGenerator } from '../../ports/id-generator.js';
import type { Random } from '../../ports/random.js';
import { tellFault } from '../../ports/tell-fault.js';
import type { Tracker } from '../../ports/tracker.js';
import type { Definitions } from '../../engine/definitions.js';
import type { LifecycleBus } from './lifecycle-bus.js';

/** A tracker at work. */
export interface LifecycleTracking {
  /** Sends what it holds, within a bound of its own. */
  flush(): Promise<void>;
  /** Ends it: what is left is dropped. */
  forget(): void;
}

/** Hands the tracker the events that it wants. */
export function trackLifecycle(
  bus: LifecycleBus,
  tracker: Tracker,
  parts: {
    readonly clock: Clock;
    readonly random: Random;
    readonly ids: IdGenerator;
    readonly definitions: Definitions;
  },
): LifecycleTracking {
  const { clock, random, ids, definitions } = parts;
  const tracking = tracker.track({
    clock,
    random,
    ids,
    kindOf: (worker, method) => {
      const handler = definitions.worker(worker)?.handlers.find((each) => each.method === method);
      if (handler === undefined) return null;
      return handler.keyed?.kind ?? (handler.schedule === undefined ? 'event' : 'schedule');
    },
    fault: (error) => tellFault({ observer: bus, clock }, 'track events', error),
  });
  const removals = tracker.events.map((name) => bus.on(name, (event) => tracking.add(event), 'the tracker'));
  return {
    flush: () => tracking.flush(),
    forget: () => {
      for (const remove of removals) remove();
      tracking.end();
    },
  };
}
