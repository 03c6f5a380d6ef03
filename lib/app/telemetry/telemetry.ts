import type { LogLevel } from '../../model/definition.js';
import { errorJson, type ErrorJson } from '../../model/error-json.js';
import { GraphMismatchError } from '../../model/errors-graph.js';
import type { LifecycleEvent, LifecycleEventName } from '../../model/lifecycle-event.js';
import type { Logger } from '../../ports/logger.js';
import type { Metrics } from '../../ports/metrics.js';
import type { LifecycleBus, Listener } from './lifecycle-bus.js';

const SEVERITY: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'silent'];

/** What is told to the logger, and how loudly. */
const LOGGED = {
  'execution.parked': ['error', 'execution parked: it waits for a person'],
  'execution.failed': ['error', 'execution failed'],
  'execution.cancelled': ['info', 'execution cancelled'],
  'execution.isolated': ['warn', 'execution runs alone for a while: it may be what killed the process'],
  'step.retried': ['warn', 'step failed and will be retried'],
  'schedule.skipped': ['info', 'schedule left an instant out'],
  'event.unhandled': ['warn', 'event accepted that no handler takes'],
  'app.fault': ['error', 'background task failed'],
  'app.recovered': ['warn', 'the sweep found work that no hint had announced'],
  'http.refused': ['warn', 'requests were refused: not authorized'],
  'app.started': ['info', 'app started'],
  'app.draining': ['info', 'app draining'],
  'app.stopped': ['info', 'app stopped'],
} as const;

/** Writes what operators need to know to the app's logger. Payloads and results are never logged. */
export function logLifecycle(
  bus: LifecycleBus,
  logger: () => Logger,
  levelOf: (worker: string) => LogLevel | null,
): void {
  const log = (level: Exclude<LogLevel, 'silent'>, message: string, event: LifecycleEvent): void => {
    const least = 'worker' in event ? levelOf(event.worker) : null;
    if (least !== null && SEVERITY.indexOf(level) < SEVERITY.indexOf(least)) return;
    logger()[level](message, detailsOf(event));
  };
  for (const [name, [level, message]] of Object.entries(LOGGED) as [
    keyof typeof LOGGED,
    (typeof LOGGED)[keyof typeof LOGGED],
  ][]) {
    bus.on(name, (event) => log(level, message, event));
  }
  bus.on('execution.waiting', (event) => {
    // What a step failed with is told by `step.retried`.
    if (event.name === 'execution.waiting' && event.reason === 'retry' && event.error !== undefined)
      log('warn', 'handler failed and will be retried', event);
  });
  bus.on('app.misfit', (event) => {
    if (event.name === 'app.misfit') logger().warn(event.message, { worker: event.worker });
  });
  bus.on('step.detached', (event) => {
    if (event.name === 'step.detached')
      logger().warn(
        `${event.worker}.${event.step} was called outside an execution: it is not durable there`,
        detailsOf(event),
      );
  });
}

/** Counts and times lifecycle events; `docs/metrics.md` lists the names. */
export function measureLifecycle(bus: LifecycleBus, metrics: () => Metrics): () => void {
  const removals: (() => void)[] = [];
  const on = (method: keyof Metrics, name: LifecycleEventName, listener: Listener): void => {
    removals.push(bus.on(name, listener, `metrics.${method}`));
  };
  const count = (name: LifecycleEventName, metric: string): void =>
    on('increment', name, (event) => metrics().increment(metric, tagsOf(event)));
  const time = (name: LifecycleEventName, metric: string): void =>
    on('timing', name, (event) => {
      const durationMs = 'durationMs' in event ? event.durationMs : 0;
      metrics().timing(metric, tagsOf(event), [event.at - durationMs, event.at]);
    });
  for (const name of [
    'accepted',
    'started',
    'waiting',
    'cancelled',
    'parked',
    'skipped',
    'isolated',
  ] as const)
    count(`execution.${name}`, `holdfast.execution.${name}`);
  count('step.retried', 'holdfast.step.retried');
  count('schedule.tick', 'holdfast.schedule.tick');
  count('schedule.skipped', 'holdfast.schedule.skipped');
  count('event.unhandled', 'holdfast.event.unhandled');
  count('app.fault', 'holdfast.fault');
  on('increment', 'app.misfit', (event) => {
    if (event.name === 'app.misfit')
      metrics().increment('holdfast.misfit', { worker: event.worker }, event.count);
  });
  on('increment', 'app.recovered', (event) => {
    if (event.name === 'app.recovered') metrics().increment('holdfast.recovered_by_sweep', {}, event.count);
  });
  on('increment', 'http.refused', (event) => {
    if (event.name !== 'http.refused') return;
    const { surface, reason, count: refused } = event;
    metrics().increment('holdfast.http.refused', { surface, reason }, refused);
  });
  on('increment', 'store.written', (event) => {
    if (event.name === 'store.written') metrics().increment('holdfast.store.writes', {}, event.writes);
  });
  on('timing', 'store.written', (event) => {
    if (event.name === 'store.written')
      metrics().timing('holdfast.store.commit', {}, [event.at - event.durationMs, event.at]);
  });
  time('execution.completed', 'holdfast.execution.completed');
  time('execution.failed', 'holdfast.execution.failed');
  time('step.completed', 'holdfast.step.completed');
  time('step.failed', 'holdfast.step.failed');
  return () => {
    for (const remove of removals) remove();
  };
}

function detailsOf(event: LifecycleEvent): Readonly<Record<string, unknown>> {
  const { name: _name, at: _at, ...details } = event;
  if (!('error' in details)) return details;
  const { error, ...rest } = details;
  return { ...rest, error: textOf(error) };
}

/** What failed, and what caused it, as deep as an error's `toJSON()` goes. */
export function textOf(error: unknown): string {
  // What to write is told once for all of them, by `app.misfit`.
  if (error instanceof GraphMismatchError)
    return `${error.name}: it recorded ${error.steps.map((step) => `'${step}'`).join(', ')}, which the deployed graph has no place for`;
  const told: string[] = [];
  for (let at: ErrorJson | undefined = errorJson(error); at !== undefined; at = at.cause) {
    const { name, message } = at;
    told.push(name === 'NonError' ? message : `${name}: ${message}`);
  }
  return told.join('; cause: ');
}

function tagsOf(event: LifecycleEvent): Readonly<Record<string, string>> {
  const tags: Record<string, string> = {};
  if ('worker' in event) tags['worker'] = event.worker;
  if ('handler' in event) tags['handler'] = event.handler;
  if ('step' in event && event.step !== null) tags['step'] = event.step;
  if ('task' in event) tags['task'] = event.task;
  if (event.name === 'event.unhandled' || event.name === 'execution.accepted') tags['event'] = event.event;
  return tags;
}
