/// <reference types="node" preserve="true" />
export { WorkerHealthIndicator, type WorkerHealthResult } from './health/worker-health-indicator.js';
export { nestLogger, type NestLoggerOptions } from './nest-logger.js';
export {
  getPartToken,
  getPublisherToken,
  getWorkerAppToken,
  InjectPublisher,
  InjectWorkers,
  type Publisher,
} from './tokens.js';
export { WorkerModule, type WorkerModuleAsyncOptions } from './worker-module.js';
export type {
  MountSettings,
  WorkerModuleExtras,
  WorkerModuleOptions,
  WorkerModuleSettings,
  WorkerOptionsFactory,
} from './worker-module-options.js';
