import { RedisDispatcher } from '../../adapters/redis/redis-dispatcher.js';
import type { HintClient } from '../../adapters/redis/redis-client.js';
import { connectionMistakes, prefixMistakes } from '../../adapters/redis/redis-options.js';
import { systemClock } from '../../adapters/system/system-clock.js';
import type { Clock } from '../../ports/clock.js';
import {
  anything,
  type OptionCheck,
  optionMistakes,
  refuse,
  wholeFrom,
  withMethods,
} from '../options/option-checks.js';

/** Where hints are published. */
export interface RedisDispatcherOptions {
  /**
   * A client of yours: `Redis` or `Cluster` of ioredis 5.4 or later. It is never closed or subscribed on: hints are heard on a
   * connection of its own (`client.duplicate()`). Either this or `url`.
   */
  readonly client?: HintClient;
  /** `'redis://host:6379'`, or `'rediss://…'` for TLS: clients are made and closed with the app. Either this or `client`. */
  readonly url?: string;
  /** Processes with the same prefix hear of one another: the channel is `{prefix}:hints`. 1 to 64 of `a-z 0-9 : _ -`;
   * `'holdfast'` by default. */
  readonly prefix?: string;
  /** Hints that may wait to be sent; 10,000 by default. More are given up at once. */
  readonly buffer?: number;
  /** Time; the machine's by default. */
  readonly clock?: Clock;
}

const aPrefix: OptionCheck = (_option, prefix) =>
  prefix === undefined ? [] : prefixMistakes('redisDispatcher()', prefix);

const CHECKS = {
  client: withMethods('publish', 'duplicate'),
  url: anything,
  prefix: aPrefix,
  buffer: wholeFrom(1),
  clock: withMethods('now', 'monotonic', 'setTimer', 'soon'),
} satisfies Record<keyof RedisDispatcherOptions, unknown>;

/**
 * Tells other processes of due work by publish and subscribe of Redis, within milliseconds, without queues of any kind. A hint that nobody
 * heard is repaired by the sweep. For stores that all processes share and that do not tell themselves. Throws `ConfigurationError`.
 *
 * @example
 * await bootstrap({ workers: [OrderWorker], dispatcher: redisDispatcher({ url: 'redis://localhost:6379' }) });
 */
export function redisDispatcher(options: RedisDispatcherOptions): RedisDispatcher {
  const mistakes = optionMistakes('redisDispatcher()', options, CHECKS, ['client']);
  refuse(mistakes.length > 0 ? mistakes : connectionMistakes('redisDispatcher()', options, () => []));
  return new RedisDispatcher({
    client: options.client ?? null,
    url: options.url ?? '',
    channel: `{${options.prefix ?? 'holdfast'}}:hints`,
    buffer: options.buffer ?? 10_000,
    clock: options.clock ?? systemClock,
  });
}
