import type { HandlerDefinition, StepDefinition, WorkerDefinition } from '../../lib/model/definition.js';
import { defaultRetryPolicy, type RetryPolicy } from '../../lib/model/retry-policy.js';
import type { SchedulePolicy } from '../../lib/model/schedule.js';
import { HANDLER_ATTEMPTS } from './expected-outcome.js';
import { HASTY_TIMEOUT_MS, ProgramWorker } from './program-worker.js';
import { attemptsOf, type StepName } from './random-program.js';
import type { DrawnSchedule } from './random-schedule.js';

const DAY_MS = 86_400_000;

const quick: RetryPolicy = { ...defaultRetryPolicy, backoff: { kind: 'fixed', delayMs: 200 } };
const slow: RetryPolicy = {
  ...defaultRetryPolicy,
  backoff: { kind: 'exponential', initialMs: 1_000, factor: 3, maxMs: 30_000 },
};

function step(
  name: Exclude<StepName, 'inline'>,
  retry: RetryPolicy,
  timeoutMs: number,
): [string, StepDefinition] {
  const policy = { ...retry, maxAttempts: attemptsOf[name], explicit: true };
  return [
    name,
    {
      worker: 'program',
      name,
      description: null,
      retry: policy,
      timeoutMs,
      atMostOnce: name === 'once',
      key: null,
      isDeclared: false,
      concurrency: null,
      rateLimit: null,
    },
  ];
}

function handler(method: string, event: string | null, schedule?: SchedulePolicy): HandlerDefinition {
  return {
    id: `program.${method}`,
    worker: 'program',
    method,
    description: null,
    declared: [],
    concurrency: null,
    rateLimit: null,
    priority: 0,
    routes: event === null ? [] : [{ event, accepts: null }],
    retry: { ...quick, maxAttempts: HANDLER_ATTEMPTS, explicit: true },
    timeoutMs: null,
    ...(schedule === undefined ? null : { schedule }),
  };
}

/** The worker with the handlers of those schedules. */
export function programDefinition(schedules: readonly DrawnSchedule[]): WorkerDefinition {
  return {
    id: 'program',
    description: null,
    logLevel: null,
    type: ProgramWorker,
    handlers: [
      handler('run', 'program'),
      handler('note', 'program'),
      handler('child', 'child'),
      ...schedules.map(({ policy }, at) => handler(`tick${at}`, null, policy)),
    ],
    steps: new Map([
      step('plain', quick, DAY_MS),
      step('hasty', quick, HASTY_TIMEOUT_MS),
      step('once', quick, DAY_MS),
      step('deep', quick, DAY_MS),
      step('patient', slow, DAY_MS),
    ]),
    compensations: new Map(),
    renames: new Map(),
    graph: { worker: 'program', nodes: [], edges: [], fingerprint: 'program-1' },
  };
}
