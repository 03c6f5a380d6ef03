/// <reference types="node" preserve="true" />
export { WorkerTestingModule, type WorkerTestingModuleOptions } from './worker-testing-module.js';
