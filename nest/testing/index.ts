export { WorkerTestingModule, type WorkerTestingModuleOptions } from './worker-testing-module.js';
