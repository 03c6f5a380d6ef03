import type { RuntimeSettings } from '../../app/runtime/runtime-parts.js';
import { defaultLimits } from '../../model/limits.js';
import type { Logger } from '../../ports/logger.js';

const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Those of production, for simulated processes. */
export const defaultSimulatedSettings: RuntimeSettings = {
  mode: 'UNTIL_ERROR',
  limits: defaultLimits,
  maxCallDepth: 15,
  timeoutMs: 300_000,
  logger: silent,
  interceptors: [],
  concurrency: 10,
  leaseMs: 15_000,
  sweepMs: 5_000,
  drainTimeoutMs: 25_000,
  pollMs: 1_000,
  dedupMs: 7 * 86_400_000,
  retention: { completedMs: 30 * 86_400_000, failedMs: 90 * 86_400_000 },
};
