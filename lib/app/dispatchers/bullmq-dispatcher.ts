import { BullmqDispatcher } from '../../adapters/bullmq/bullmq-dispatcher.js';
import type { BullmqDispatcherOptions } from '../../adapters/bullmq/bullmq-options.js';
import { connectionMistakes } from '../../adapters/bullmq/worker-connection.js';
import { systemClock } from '../../adapters/system/system-clock.js';
import { parseDuration } from '../../model/duration.js';
import {
  anObject,
  anything,
  durationFrom,
  oneOf,
  type OptionCheck,
  optionMistakes,
  partsOf,
  refuse,
  text,
  wholeFrom,
  withMethods,
} from '../options/option-checks.js';

const LANE_IDLE_MS = 60_000;

const LIMITS = { max: wholeFrom(1), duration: durationFrom(1) };

/** Both of its numbers are needed. */
const aLimiter: OptionCheck = (option, value) => {
  if (value === undefined) return [];
  if (typeof value !== 'object' || value === null) return anObject(option, value);
  const missing = Object.keys(LIMITS).filter((name) => (value as Record<string, unknown>)[name] == null);
  return missing.length === 0
    ? partsOf('option', LIMITS)(option, value)
    : [{ option, found: `${missing.join(' and ')} is missing`, write: "Write { max: 10, duration: '1s' }" }];
};

const SERVING = { concurrency: wholeFrom(1), limiter: aLimiter };

/** What holds for the queues of each worker. */
const servings: OptionCheck = (option, value) => {
  if (value === undefined) return [];
  if (typeof value !== 'object' || value === null) return anObject(option, value);
  return Object.entries(value).flatMap(([id, serving]: [string, unknown]) =>
    typeof serving === 'object' && serving !== null
      ? partsOf('option', SERVING)(`${option}.${id}`, serving)
      : anObject(`${option}.${id}`, serving ?? null),
  );
};

const CHECKS = {
  connection: anything,
  prefix: text,
  queue: oneOf('worker', 'lane'),
  lanes: wholeFrom(1),
  laneIdle: durationFrom(1),
  concurrency: wholeFrom(1),
  limiter: aLimiter,
  workers: servings,
  worker: anObject,
  removeOnComplete: anything,
  removeOnFail: anything,
  buffer: wholeFrom(1),
  clock: withMethods('now', 'monotonic', 'setTimer', 'soon'),
} satisfies Record<keyof BullmqDispatcherOptions, unknown>;

/**
 * Carries the work by BullMQ: each execution that is due is one job of its worker's queue, and a process takes work only as BullMQ hands
 * out jobs, so that its limiter, concurrency, priorities and pauses hold. Jobs name executions; what happens to them is in the store,
 * which all processes share. Losing the queues loses nothing. Throws `ConfigurationError`.
 *
 * @example
 * await bootstrap({
 *   workers: [OrderWorker],
 *   store: redisStore({ url: 'redis://localhost:6379' }),
 *   dispatcher: bullmqDispatcher({ connection: { host: 'localhost', port: 6379 } }),
 * });
 */
export function bullmqDispatcher(options: BullmqDispatcherOptions): BullmqDispatcher {
  const mistakes = optionMistakes('bullmqDispatcher()', options, CHECKS, ['connection']);
  const { connection, prefix = 'holdfast', queue = 'worker', limiter, concurrency } = options ?? {};
  refuse(mistakes.length > 0 ? mistakes : connectionMistakes(connection, prefix));
  return new BullmqDispatcher({
    connection: typeof connection === 'string' ? { url: connection } : connection,
    prefix,
    perSession: queue === 'lane',
    lanes: options.lanes ?? 100,
    laneIdleMs: parseDuration(options.laneIdle) ?? LANE_IDLE_MS,
    serving: {
      ...(limiter === undefined ? null : { limiter }),
      ...(concurrency === undefined ? null : { concurrency }),
    },
    workers: new Map(Object.entries(options.workers ?? {})),
    worker: options.worker ?? {},
    removeOnComplete: options.removeOnComplete ?? true,
    removeOnFail: options.removeOnFail ?? true,
    buffer: options.buffer ?? 10_000,
    clock: options.clock ?? systemClock,
  });
}
