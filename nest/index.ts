export { WorkerModule, type WorkerModuleOptions } from './worker-module.js';
