import type { Clock } from './clock.js';
import type { Observer } from './observer.js';

/** Something went wrong that belongs to no call of the user's: logs, metrics and `onError` hear of it as `app.fault`. */
export function tellFault(
  { observer, clock }: { readonly observer: Observer; readonly clock: Clock },
  task: string,
  error: unknown,
): void {
  observer.emit({ name: 'app.fault', task, error, at: clock.now() });
}
