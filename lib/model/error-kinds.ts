/** Every code has a section in `docs/errors.md`. */
export type ErrorCode =
  | 'DEFINITION_INVALID'
  | 'CONFIGURATION_INVALID'
  | 'EVENT_INVALID'
  | 'EVENT_UNKNOWN'
  | 'EVENT_CONFLICT'
  | 'MAILBOX_FULL'
  | 'STATE_INVALID'
  | 'STATE_CONFLICT'
  | 'INSTANCE_NOT_FOUND'
  | 'SCHEDULE_INVALID'
  | 'NOT_STARTED'
  | 'APP_CLOSED'
  | 'NO_CURRENT_EXECUTION'
  | 'EXECUTION_NOT_FOUND'
  | 'EXECUTION_STATE'
  | 'NOT_SUBSCRIBED'
  | 'CANCELLED'
  | 'SESSION_STOPPED'
  | 'PARKED'
  | 'NON_DETERMINISM'
  | 'GRAPH_MISMATCH'
  | 'POISONED'
  | 'STEP_FAILED'
  | 'STEP_INTERRUPTED'
  | 'STEP_DETACHED'
  | 'STEP_ARGUMENTS_UNSTORABLE'
  | 'RESULT_UNSTORABLE'
  | 'VALUE_UNSTORABLE'
  | 'VALUE_UNREADABLE'
  | 'TOO_MANY_CHECKPOINTS'
  | 'CALL_DEPTH_EXCEEDED'
  | 'NO_ROUTE'
  | 'TOO_MANY_ITEMS'
  | 'COMPENSATION_FAILED'
  | 'DECLARED_STEP_CALLED'
  | 'TIMEOUT'
  | 'NON_RETRYABLE'
  | 'RETRY_AFTER'
  | 'WORKERS_FAILED'
  | 'HINTS_UNDELIVERED'
  | 'STORE_UNAVAILABLE'
  | 'STORE_INCOMPATIBLE'
  | 'STORE_REGRESSION'
  | 'DRIVER_MISSING'
  | 'SETTLE_TIMEOUT'
  | 'CRASH_UNSAFE'
  | 'SIMULATION_FAILED'
  | 'SIMULATION_UNREPEATABLE';

/**
 * What an error is about. `configuration`: classes, options, packages. `validation`: data that is refused. `usage`: a call
 * that does not fit where or when it was made. `execution`: how an execution went. `timeout`. `resource`: a limit, or the
 * store. `business`: thrown by the code of workers.
 */
export type ErrorCategory =
  | 'configuration'
  | 'validation'
  | 'usage'
  | 'execution'
  | 'timeout'
  | 'resource'
  | 'business';

const categories: readonly unknown[] = [
  'configuration',
  'validation',
  'usage',
  'execution',
  'timeout',
  'resource',
  'business',
] satisfies ErrorCategory[];

/**
 * Who has to look. `low`: nobody, it is an answer. `medium`: whoever made the call, or owns the execution that failed.
 * `high`: somebody has to act before this work goes on. `critical`: the app cannot work as it stands.
 */
export type ErrorSeverity = 'low' | 'medium' | 'high' | 'critical';

const severities: readonly unknown[] = ['low', 'medium', 'high', 'critical'] satisfies ErrorSeverity[];

/** What is fixed by an error's code. */
export interface ErrorKind {
  readonly category: ErrorCategory;
  readonly severity: ErrorSeverity;
}

const kinds: Readonly<Record<ErrorCode, `${ErrorCategory} ${ErrorSeverity}`>> = {
  DEFINITION_INVALID: 'configuration critical',
  CONFIGURATION_INVALID: 'configuration critical',
  DRIVER_MISSING: 'configuration critical',
  STORE_INCOMPATIBLE: 'configuration critical',
  EVENT_INVALID: 'validation medium',
  EVENT_UNKNOWN: 'validation medium',
  EVENT_CONFLICT: 'validation medium',
  STATE_INVALID: 'validation medium',
  STATE_CONFLICT: 'resource medium',
  VALUE_UNSTORABLE: 'validation medium',
  STEP_ARGUMENTS_UNSTORABLE: 'validation medium',
  RESULT_UNSTORABLE: 'validation high',
  VALUE_UNREADABLE: 'validation high',
  NOT_STARTED: 'usage medium',
  APP_CLOSED: 'usage medium',
  NO_CURRENT_EXECUTION: 'usage medium',
  EXECUTION_NOT_FOUND: 'usage medium',
  INSTANCE_NOT_FOUND: 'usage medium',
  SCHEDULE_INVALID: 'usage medium',
  EXECUTION_STATE: 'usage medium',
  NOT_SUBSCRIBED: 'usage medium',
  STEP_DETACHED: 'usage medium',
  DECLARED_STEP_CALLED: 'usage medium',
  SIMULATION_UNREPEATABLE: 'usage medium',
  CANCELLED: 'execution low',
  SESSION_STOPPED: 'execution low',
  WORKERS_FAILED: 'execution medium',
  NO_ROUTE: 'execution medium',
  PARKED: 'execution high',
  NON_DETERMINISM: 'execution high',
  GRAPH_MISMATCH: 'execution high',
  POISONED: 'execution high',
  COMPENSATION_FAILED: 'execution high',
  STEP_INTERRUPTED: 'execution high',
  CRASH_UNSAFE: 'execution high',
  SIMULATION_FAILED: 'execution high',
  TIMEOUT: 'timeout medium',
  SETTLE_TIMEOUT: 'timeout medium',
  TOO_MANY_CHECKPOINTS: 'resource medium',
  TOO_MANY_ITEMS: 'resource medium',
  CALL_DEPTH_EXCEEDED: 'resource medium',
  MAILBOX_FULL: 'resource medium',
  STORE_UNAVAILABLE: 'resource high',
  STORE_REGRESSION: 'resource critical',
  HINTS_UNDELIVERED: 'resource low',
  STEP_FAILED: 'business medium',
  NON_RETRYABLE: 'business medium',
  RETRY_AFTER: 'business low',
};

/** Of a code that is not one of ours: an error that users made. */
const own: ErrorKind = { category: 'business', severity: 'medium' };

const byCode: ReadonlyMap<string, ErrorKind> = new Map(
  Object.entries(kinds).map(([code, kind]) => {
    const [category, severity] = kind.split(' ') as [ErrorCategory, ErrorSeverity];
    return [code, { category, severity }];
  }),
);

/** Category and severity of a code; of one that is not ours, those of an error of users. */
export function errorKindOf(code: string): ErrorKind {
  return byCode.get(code) ?? own;
}

/** Whether it is one of the categories: what is read from a store may be anything. */
export function isErrorCategory(value: unknown): value is ErrorCategory {
  return categories.includes(value);
}

/** Whether it is one of the severities. */
export function isErrorSeverity(value: unknown): value is ErrorSeverity {
  return severities.includes(value);
}
