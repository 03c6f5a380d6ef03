import type { JobsOptions } from 'bullmq';
import { ConfigurationError } from '../../model/errors-boot.js';

type Own = keyof Pick<JobsOptions, 'delay' | 'priority' | 'lifo' | 'attempts' | 'backoff' | 'keepLogs'>;
type Check = readonly [isPossible: (value: unknown) => boolean, write: string];

/** BullMQ refuses lower priorities. */
const LOWEST_PRIORITY = 2 ** 21;

const wholeFrom =
  (least: number, most = Number.MAX_SAFE_INTEGER) =>
  (value: unknown): boolean =>
    Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
const isDelay = (value: unknown): boolean => Number.isFinite(value) && (value as number) >= 0;

const CHECKS: Readonly<Record<Own, Check>> = {
  delay: [isDelay, 'Write ms, 0 or more'],
  priority: [wholeFrom(0, LOWEST_PRIORITY), `Write a whole number from 0 to ${LOWEST_PRIORITY}`],
  lifo: [(value) => typeof value === 'boolean', 'Write true or false'],
  attempts: [wholeFrom(1), 'Write a whole number from 1'],
  backoff: [isBackoff, "Write ms, or { type: 'fixed' | 'exponential', delay: ms }"],
  keepLogs: [wholeFrom(0), 'Write a whole number from 0'],
};

/**
 * What a publish says of its job, in BullMQ's words. What cannot be is left out and told to `refused`: BullMQ would refuse all jobs
 * that are sent together with it.
 */
export function ownOptions(
  own: Readonly<Record<string, unknown>> | undefined,
  refused: (error: ConfigurationError) => void,
): JobsOptions {
  if (own === undefined) return {};
  const given = Object.entries(CHECKS).filter(([name]) => own[name] !== undefined);
  const wrong = given.filter(([name, [isPossible]]) => !isPossible(own[name]));
  if (wrong.length > 0)
    refused(
      new ConfigurationError(
        wrong.map(([name, [, write]]) => ({
          option: `publish(): dispatcher.${name}`,
          found: `${shown(own[name])} is not possible`,
          write,
        })),
      ),
    );
  return Object.fromEntries(
    given.flatMap((each) => (wrong.includes(each) ? [] : [[each[0], own[each[0]]] as const])),
  );
}

function isBackoff(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return isDelay(value);
  const { type, delay } = value as { readonly type?: unknown; readonly delay?: unknown };
  return (type === 'fixed' || type === 'exponential') && (delay === undefined || isDelay(delay));
}

function shown(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? `${value}` : `a ${typeof value}`;
}
