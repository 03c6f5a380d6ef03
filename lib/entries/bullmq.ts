/// <reference types="node" preserve="true" />
/** holdfast/bullmq: BullMQ carries the work. Needs the optional peers `bullmq` and `ioredis`. */
export { bullmqDispatcher } from '../app/dispatchers/bullmq-dispatcher.js';
export type { BullmqDispatcher } from '../adapters/bullmq/bullmq-dispatcher.js';
export type { BullmqDispatcherOptions, BullmqServing } from '../adapters/bullmq/bullmq-options.js';
