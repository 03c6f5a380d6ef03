import type { PublishOptions } from '../../app/publish-options.js';
import type { PublishEntry } from '../../app/publishable.js';

/** As the arguments of `app.publish`. */
export type SimulatedEvent = PublishEntry | readonly [event: object, options?: PublishOptions];
