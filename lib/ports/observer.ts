import type { LifecycleEvent, LifecycleEventName } from '../model/lifecycle-event.js';

/** Where the engine says what happened. Logs, metrics, traces and `app.on` subscribe; the engine never logs. */
export interface Observer {
  /** Whether anyone listens to events of that name: the engine builds none that nobody wants. */
  wants(name: LifecycleEventName): boolean;
  /** Never throws and never blocks. */
  emit(event: LifecycleEvent): void;
}
