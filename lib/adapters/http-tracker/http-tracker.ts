import { LIFECYCLE_EVENT_NAMES, type LifecycleEventName } from '../../model/lifecycle-event.js';
import type { Tracker } from '../../ports/tracker.js';
import { TRANSLATED } from './durable-effect-names.js';
import { type HttpTrackerOptions, settingsOf } from './http-options.js';
import { HttpTracking } from './http-tracking.js';

const ALL = [...LIFECYCLE_EVENT_NAMES, 'custom.*'].filter(
  (name) => name !== 'store.written',
) as readonly LifecycleEventName[];

/**
 * Posts lifecycle events in batches, `{ events: […] }`. An endpoint that is slow or away costs the work nothing: events
 * wait in memory, and failures are given up last. Throws `ConfigurationError`.
 *
 * @example
 * await bootstrap({ workers: [OrderWorker], tracker: httpTracker({ endpoint: 'https://events.example.com/ingest' }) });
 */
export function httpTracker(options: HttpTrackerOptions): Tracker {
  const settings = settingsOf(options);
  const known = settings.names === 'holdfast' ? ALL : TRANSLATED;
  const events = settings.events ?? known;
  return {
    events: settings.names === 'holdfast' ? events : events.filter((name) => known.includes(name)),
    track: (context) => new HttpTracking(settings, context),
  };
}
