/// <reference types="node" preserve="true" />
export { TestApp, type FiredAttempt, type HandlerData, type TestAppOptions } from '../testing/test-app.js';
export type { RunOptions, RunResult } from '../testing/handler-runs.js';
export type { Replacement } from '../testing/overrides.js';
export { VirtualClock } from '../testing/virtual-clock.js';
export { ManualClock } from '../testing/manual-clock.js';
export { SettleTimeoutError } from '../testing/settle-timeout-error.js';
export { crashMatrix } from '../testing/crash-matrix/crash-matrix.js';
export type { CrashMatrixOptions } from '../testing/crash-matrix/matrix-plan.js';
export type { Boundary, CrashCell } from '../testing/crash-matrix/boundary.js';
export { CrashMatrixError } from '../testing/crash-matrix/crash-matrix-error.js';
export type { Finding, FindingKind } from '../testing/crash-matrix/finding.js';
export type {
  CellResult,
  CrashFailure,
  CrashMatrixReport,
} from '../testing/crash-matrix/crash-matrix-report.js';

export { describeStore, type DescribeStoreOptions } from '../testing/conformance/describe-store.js';
export { storeCases } from '../testing/conformance/store-cases.js';
export type { StoreCase } from '../testing/conformance/store-case.js';
export type { StoreFactory, StoreHarness } from '../testing/conformance/store-harness.js';
export {
  describeDispatcher,
  type DescribeDispatcherOptions,
} from '../testing/conformance/describe-dispatcher.js';
export {
  dispatcherCases,
  type DispatcherCase,
  type DispatcherFactory,
  type DispatcherHarness,
} from '../testing/conformance/dispatcher-cases.js';
export type { TestRunner } from '../testing/conformance/test-runner.js';

export { simulate } from '../testing/simulate/simulate.js';
export type {
  Invariant,
  InvariantCheck,
  SeedRange,
  SimulatedAppOptions,
  SimulatedFaults,
  SimulatedRandom,
  SimulateOptions,
} from '../testing/simulate/simulate-options.js';
export type { SimulatedEvent } from '../testing/simulate/simulated-event.js';
export type { Replay } from '../testing/simulate/replay.js';
export type { ProviderCall } from '../testing/simulate/provider-call.js';
export type { SimulatedExecution, SimulationEnd } from '../testing/simulate/simulation-end.js';
export {
  SimulationError,
  SimulationReport,
  type SimulationFailure,
} from '../testing/simulate/simulation-report.js';
export { UnrepeatableSimulationError } from '../testing/simulate/violation.js';
