export { ActorHandle } from '../app/handles/actor-handle.js';
export type { ActorEvent, ActorState, ActorStatus } from '../app/handles/actor-types.js';
export type { SendOptions, SendResult } from '../app/handles/actor-types.js';
export { bootstrap } from '../app/bootstrap.js';
export { storeFromEnvironment } from '../app/environment.js';
export { checkBootstrapOptions, type HostOptions } from '../app/options/settings.js';
export type { BootstrapOptions, ConfigurableOptions, ErrorHandler } from '../app/options/options.js';
export { WorkerApp } from '../app/worker-app.js';
export type { WorkerGraph } from '../app/worker-graph.js';
export { httpDispatcher, type HttpDispatcherOptions } from '../app/dispatchers/http-dispatcher.js';
export type { InstanceSnapshot } from '../app/handles/instance-snapshot.js';
export type { Mount, MountedEvent } from '../app/http/mount.js';
export type { MountOptions } from '../app/http/mount-options.js';
export type { Processed } from '../app/http/bounded-passes.js';
export { signedHeaders } from '../app/http/signed-headers.js';
export type { Signing } from '../app/http/signing.js';
export type { Publishable, PublishEntry } from '../app/publishing/publishable.js';
export type { ExecutionSummary, ListFilter } from '../app/executions/execution-list.js';
export type { PublishOptions } from '../app/publishing/publish-options.js';
export { ExecutionHandle, type Outcome, type WaitOptions } from '../app/executions/execution-handle.js';
export type { OutcomeError } from '../app/executions/outcome-error.js';
export { Publication } from '../app/executions/publication.js';
export type { ClassOf, DataOf, MethodName, ResultOf } from '../model/worker-method.js';
export type {
  SessionEntry,
  SessionFilter,
  SessionHandle,
  SessionPublishOptions,
} from '../app/sessions/session-handle.js';
export type { SessionState } from '../app/sessions/session-state.js';
export type { StateOptions } from '../app/sessions/session-states.js';
export type { StopOptions, StopResult } from '../app/sessions/session-stop.js';
export type { SessionPage, Sessions } from '../app/sessions/sessions.js';
export type { AppHealth, HealthOptions } from '../app/health.js';
export type { AppStats, SessionStats, StatsOptions } from '../app/executions/stats.js';
export type { RecurringHandle } from '../app/handles/recurring-handle.js';
export type {
  OnlyRecurringMethod,
  RecurringInput,
  RecurringMethod,
  RecurringStart,
  RecurringStarted,
  RecurringState,
  RecurringStatus,
  RecurringTriggered,
} from '../app/handles/recurring-types.js';
export type { DebounceHandle } from '../app/handles/debounce-handle.js';
export type {
  AddOptions,
  AddResult,
  BatchOptions,
  ClearResult,
  DebouncedEvent,
  DebounceStatus,
  FlushResult,
  ReceivedBy,
} from '../app/handles/debounce-types.js';
export type { DebounceContext, FlushReason, ReduceInfo } from '../model/debounce-context.js';
export type { Schedules, ScheduleSummary } from '../app/handles/schedules.js';
export type { StepView } from '../app/executions/step-views.js';
export type { Listener } from '../app/telemetry/lifecycle-bus.js';
export type { Role } from '../app/runtime/role.js';
export { untypedParameters } from '../app/injection/constructor-parameters.js';
export type {
  ClassProvider,
  Constructable,
  FactoryProvider,
  Provider,
  ValueProvider,
} from '../app/injection/provider.js';
export { CLOCK, DISPATCHER, LOGGER, METRICS, STORE, WORKER_APP } from '../app/tokens.js';

export {
  Actor,
  type ActorMethodDecorator,
  type ActorOptions,
  type ErrorMethodDecorator,
  OnAlarm,
  OnError,
  OnIdle,
} from '../decorators/actor.js';
export { exponential, fixed, linear } from '../decorators/backoff.js';
export { Compensate, type CompensateDecorator } from '../decorators/compensate.js';
export { Concurrency } from '../decorators/concurrency.js';
export {
  defineEvent,
  defineEvents,
  type DefineEventOptions,
  type DefineEventsOptions,
  type Events,
} from '../decorators/define-event.js';
export {
  Debounce,
  type DebounceDecorator,
  type DebounceOptions,
  type ReducedDecorator,
} from '../decorators/debounce.js';
export { execution, sleep, step } from '../decorators/durable-functions.js';
export {
  type CronOptions,
  Every,
  type EveryDecorator,
  type EveryOptions,
  type IntervalOptions,
  type KeyedCronOptions,
  type KeyedEveryDecorator,
  type KeyedEveryOptions,
  type KeyedIntervalOptions,
} from '../decorators/every.js';
export { Event, type EventOptions } from '../decorators/event.js';
export { continueAsNew } from '../decorators/continue-as-new.js';
export { race, type Branches, type RaceOutcome } from '../decorators/race.js';
export { run } from '../decorators/run.js';
export { waitFor, type AwaitableEvent, type WaitForOptions } from '../decorators/wait-for.js';
export {
  type AwaitedData,
  type AwaitedList,
  type KeyedEvent,
  waitForAll,
  waitForAny,
  type WaitOptionsWithoutKey,
} from '../decorators/wait-for-several.js';
export { Inject, Injectable } from '../decorators/inject.js';
export type { LimitDecorator } from '../decorators/limit-decorator.js';
export { OnEvent, type HandlerDecorator, type OnEventOptions } from '../decorators/on-event.js';
export type { UnionOnEvent } from '../decorators/on-event-of.js';
export { RateLimit } from '../decorators/rate-limit.js';
export { RenamedFrom } from '../decorators/renamed-from.js';
export { type PolicyDecorator, Retry } from '../decorators/retry.js';
export { Step, type StepDecorator } from '../decorators/step.js';
export type { KeyOption, StepOptions } from '../decorators/step-options.js';
export { Storable } from '../decorators/storable.js';
export { Timeout } from '../decorators/timeout.js';
export { hasWorkerMethods, isWorker, Worker } from '../decorators/worker.js';
export type {
  EachOption,
  FanOutOptions,
  ListOf,
  RouteOption,
  WorkerOptions,
} from '../metadata/class-metadata.js';
export type {
  BackoffFunction,
  BackoffOptions,
  ConcurrencyOptions,
  LimitKey,
  ProvidedConcurrencyOptions,
  ProvidedRateLimitOptions,
  RateLimitOptions,
  RetryOptions,
} from '../metadata/policy-options.js';
export { memoryStore, type MemoryStore, type MemoryStoreOptions } from '../adapters/memory/memory-store.js';
export type { MemoryState } from '../adapters/memory/memory-state.js';
export type { SqliteDriver } from '../adapters/sqlite/driver.js';
export type { SqliteStoreOptions } from '../adapters/sqlite/sqlite-options.js';
export { sqliteStore, type SqliteStore } from '../adapters/sqlite/sqlite-store.js';
export type { HttpDispatcher } from '../adapters/http/http-dispatcher.js';
export type { NodeRequest, NodeResponse } from '../adapters/http/node-request.js';
export { localDispatcher } from '../adapters/local/local-dispatcher.js';
export { systemClock } from '../adapters/system/system-clock.js';
export {
  consoleLogger,
  silentLogger,
  type ConsoleLoggerOptions,
} from '../adapters/console/console-logger.js';
export { httpTracker } from '../adapters/http-tracker/http-tracker.js';
export type { Fetch, HttpTrackerOptions } from '../adapters/http-tracker/http-options.js';
export { silentMetrics } from '../adapters/console/silent-metrics.js';

export type { ActorContext, AlarmTime, TurnTrigger } from '../model/actor-context.js';
export type { Checkpoint } from '../model/checkpoint.js';
export type { DeclaredStep, FanOut, RouteCondition } from '../model/declared-step.js';
export type {
  EventRoute,
  HandlerDefinition,
  LogLevel,
  StepDefinition,
  WorkerClass,
  WorkerDefinition,
} from '../model/definition.js';
export type { Duration } from '../model/duration.js';
export {
  ConfigurationError,
  DefinitionError,
  type ConfigurationMistake,
  type DefinitionMistake,
} from '../model/errors-boot.js';
export {
  EventConflictError,
  InvalidEventError,
  MailboxFullError,
  UnknownEventError,
} from '../model/errors-event.js';
export {
  AppClosedError,
  NoCurrentExecutionError,
  NotStartedError,
  NotSubscribedError,
  WorkerError,
} from '../model/errors-app.js';
export {
  CallDepthExceededError,
  CancelledError,
  DetachedStepError,
  ExecutionNotFoundError,
  ExecutionStateError,
  NonDeterminismError,
  ParkedError,
  PoisonedError,
  SessionStoppedError,
  StepInterruptedError,
  TimeoutError,
  TooManyCheckpointsError,
  UnstorableArgumentsError,
  UnstorableResultError,
} from '../model/errors-execution.js';
export {
  CompensationError,
  DeclaredStepCalledError,
  GraphMismatchError,
  NoRouteError,
  TooManyItemsError,
} from '../model/errors-graph.js';
export {
  InstanceNotFoundError,
  InvalidStateError,
  StateConflictError,
  SchedulerError,
} from '../model/errors-instance.js';
export { NonRetryableError, RetryAfterError, StepError } from '../model/errors-step.js';
export { UnreadableValueError, UnstorableValueError } from '../model/errors-value.js';
export {
  DriverMissingError,
  StoreIncompatibleError,
  StoreRegressionError,
  StoreUnavailableError,
} from '../model/errors-store.js';
export { HintsUndeliveredError } from '../model/errors-http.js';
export type { ErrorJson, PlainJson } from '../model/error-json.js';
export type { ErrorCategory, ErrorCode, ErrorSeverity } from '../model/error-kinds.js';
export { HoldfastError, type OwnCode } from '../model/errors.js';
export type {
  EventClass,
  EventData,
  EventInput,
  EventSource,
  EventUnion,
  MemberOf,
  SchemaEvent,
  UnionMember,
} from '../model/event-source.js';
export type {
  DefinitionRef,
  ExecutionRecord,
  ExecutionStatus,
  MessageKind,
  TerminalStatus,
  Timers,
  WaitReason,
} from '../model/execution.js';
export type { ExecutionContext, ExecutionLog } from '../model/execution-context.js';
export type { Hint, HintRoute } from '../model/hint.js';
export type { EventId, ExecutionId, MessageId, ProcessId } from '../model/ids.js';
export type { InjectionToken, TypedToken } from '../model/injection-token.js';
export type { ActorPolicy, DebouncePolicy, KeyedPolicy, RecurringPolicy } from '../model/keyed.js';
export type { InstanceContext, TerminateOptions } from '../model/instance-context.js';
export type { Lease } from '../model/lease.js';
export type { RecurringContext } from '../model/recurring-context.js';
export type { LifecycleEvent, LifecycleEventName } from '../model/lifecycle-event.js';
export type { Limits } from '../model/limits.js';
export {
  chainResult,
  combineResults,
  Failure,
  isFailure,
  isSuccess,
  mapError,
  mapResult,
  matchResult,
  safeAsync,
  safeSync,
  Success,
  unwrapOr,
  unwrapResult,
  type Result,
} from '../model/result.js';
export type { ConcurrencyPolicy, PolicyKey, RateLimitPolicy } from '../model/policies.js';
export type { Backoff, RetryHook, RetryInfo, RetryPolicy } from '../model/retry-policy.js';
export type { Misfire, Overlap, SchedulePolicy, Tick } from '../model/schedule.js';
export type {
  GraphEdge,
  GraphLimit,
  GraphNode,
  GraphNodeKind,
  GraphPolicies,
  StepGraph,
} from '../model/step-graph.js';
export type { StateSource } from '../model/state-source.js';
export type { Violation } from '../model/violation.js';
export type { Clock, Timer } from '../ports/clock.js';
export type { DispatchContext, Dispatcher, HintQueue, HintReceiver } from '../ports/dispatcher.js';
export type { IdGenerator } from '../ports/id-generator.js';
export type { InstanceResolver, MethodBody, MethodCall, PassScope } from '../ports/instance-resolver.js';
export type { Logger } from '../ports/logger.js';
export type { Metrics, MetricTags } from '../ports/metrics.js';
export type { Random } from '../ports/random.js';
export type { HandlerKind, Tracker, TrackerContext, Tracking } from '../ports/tracker.js';
export type {
  ClaimAnswer,
  ClaimRequest,
  ClaimedExecution,
  ExecutionCount,
  ExecutionFilter,
  Declared,
  HeartbeatAnswer,
  OwnExecution,
  KeptGraph,
  ProcessRecord,
  PruneAnswer,
  PruneRequest,
  Store,
  StoreContext,
  StoredGraph,
  Subscription,
} from '../ports/store.js';
export type {
  AcquireWrite,
  AppendWrite,
  AwaitWrite,
  CommitWrite,
  Delta,
  Gate,
  Mail,
  Message,
  NewEvent,
  NewExecution,
  NewMail,
  PublishWrite,
  PublishedExecution,
  Publishing,
  RecordChange,
  RejectReason,
  ReserveWrite,
  ScheduleWrite,
  StoredMessage,
  Verdict,
  Write,
} from '../ports/store-write.js';
export type { ScheduleRef, StoredSchedule } from '../ports/stored-schedule.js';
export type { AttemptCall, ExecutionMode, Interceptor } from '../step/pass-services.js';
