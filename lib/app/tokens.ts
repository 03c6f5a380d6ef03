import type { TypedToken } from '../model/injection-token.js';
import type { Clock } from '../ports/clock.js';
import type { Dispatcher } from '../ports/dispatcher.js';
import type { Logger } from '../ports/logger.js';
import type { Metrics } from '../ports/metrics.js';
import type { Store } from '../ports/store.js';
import type { WorkerApp } from './worker-app.js';

/** The app's store. Provide it to replace the store. */
export const STORE: TypedToken<Store> = Symbol.for('holdfast/store');
/** The app's dispatcher. Provide it to replace the dispatcher. */
export const DISPATCHER: TypedToken<Dispatcher> = Symbol.for('holdfast/dispatcher');
/** Where counters go. Provide it to replace them. */
export const METRICS: TypedToken<Metrics> = Symbol.for('holdfast/metrics');
/** The app's logger. Provide it to replace the logger. */
export const LOGGER: TypedToken<Logger> = Symbol.for('holdfast/logger');
/** The app's clock. Provide it to replace the clock. */
export const CLOCK: TypedToken<Clock> = Symbol.for('holdfast/clock');
/** The app itself, for services that publish. */
export const WORKER_APP: TypedToken<WorkerApp> = Symbol.for('holdfast/worker-app');
