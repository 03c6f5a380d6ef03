import { ANSWER_MS, answerInTime } from '../engine/answer-in-time.js';
import type { Isolated } from '../dispatch/isolation.js';
import { type Duration, parseDuration } from '../model/duration.js';
import { messageOf } from '../model/message-of.js';
import { durationFrom, optionMistakes, refuse } from './options/option-checks.js';
import type { WorkerAppParts } from './parts/worker-app-parts.js';

/** What counts as healthy. Each may be left out. */
export interface HealthOptions {
  /** How long due work may wait for a free slot before the app counts as not ready; `'1 minute'` by default. */
  readonly maxLag?: Duration;
  /** How long the store may take to answer; `'5s'` by default. */
  readonly timeout?: Duration;
}

/** How an app fares, for probes. */
export interface AppHealth {
  /** Liveness. False: the claim loop of a started app stands still, and a restart may help; the store's silence does not count. */
  readonly isAlive: boolean;
  /** Readiness. It is alive and started, its store answers, it keeps up, nothing runs isolated, and it has handlers or only publishes. */
  readonly isReady: boolean;
  /** Sentences on what is not as it should be; none: the app is ready. */
  readonly problems: readonly string[];
  /** Between `start()` and `stop()`. */
  readonly isStarted: boolean;
  /** Ms since the claim loop last went round; null: it was never started, or the app only publishes. */
  readonly sinceClaimMs: number | null;
  /**
   * How long the oldest work has been due that this process has no free slot for, in ms; 0: it keeps up. While no slot becomes free,
   * it counts from the sweep that found work waiting. With a dispatcher that brings the work to the process: how long what the last
   * sweep found has been due, and was not brought yet.
   */
  readonly lagMs: number;
  /** Handlers of this app. */
  readonly handlers: number;
  /** How long the store took to answer, in ms; null: it did not. */
  readonly storeMs: number | null;
}

/** Sweeps are spread by a fifth. */
const SPREAD = 1.2;

const checks = { maxLag: durationFrom(0), timeout: durationFrom(1) };

/** Throws `ConfigurationError`; what is wrong with the app is part of the answer. */
export async function healthOf(parts: WorkerAppParts, options: HealthOptions): Promise<AppHealth> {
  refuse(optionMistakes('health()', options, checks));
  const { runtime } = parts;
  const store = await askStore(parts, parseDuration(options.timeout ?? '5s') ?? 0);
  const { sinceRoundMs: sinceClaimMs, lagMs } = runtime.consumer.watch;
  const { isStarted } = runtime;
  const handlers = runtime.definitions.runnable().length;
  const stands = isStarted && (sinceClaimMs ?? 0) > patienceOf(parts);
  const { current: isolated } = runtime.consumer.isolation;
  const needsHandlers = parts.options().role !== 'publisher';
  const problems = [
    ...(isStarted ? [] : ['the app is not started']),
    ...(stands ? [`the claim loop has not gone round for ${sinceClaimMs} ms`] : []),
    ...('error' in store ? [`the store does not answer: ${store.error}`] : []),
    ...(lagMs > (parseDuration(options.maxLag ?? '1 minute') ?? 0) ? [`due work waits for ${lagMs} ms`] : []),
    ...(isolated === null ? [] : [aloneText(isolated)]),
    ...(handlers === 0 && needsHandlers ? ['no handler is registered'] : []),
  ];
  return {
    isAlive: !stands || 'error' in store,
    isReady: problems.length === 0,
    problems,
    isStarted,
    sinceClaimMs,
    lagMs,
    handlers,
    storeMs: 'error' in store ? null : store.ms,
  };
}

function aloneText({ executionId, worker, handler, claims }: Isolated): string {
  return `nothing new begins beside execution '${executionId}' of ${worker}.${handler}, which was taken ${claims} times and stored nothing: it may kill its process`;
}

/** Two sweeps, and the time that a claim may take. */
function patienceOf({ sweepMs }: WorkerAppParts): number {
  return 2 * SPREAD * sweepMs() + ANSWER_MS;
}

async function askStore(
  { store, clock }: WorkerAppParts,
  timeoutMs: number,
): Promise<{ readonly ms: number } | { readonly error: string }> {
  const began = clock.monotonic();
  try {
    await answerInTime(clock, timeoutMs, 'check health', store.paused());
    return { ms: clock.monotonic() - began };
  } catch (error) {
    return { error: messageOf(error) };
  }
}
