import type { PublishOptions } from '../../app/publishing/publish-options.js';
import type { PublishEntry } from '../../app/publishing/publishable.js';

/** As the arguments of `app.publish`. */
export type SimulatedEvent = PublishEntry | readonly [event: object, options?: PublishOptions];
