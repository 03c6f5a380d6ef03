import { ANSWER_MS, answerInTime } from '../engine/answer-in-time.js';
import type { HintQueue } from '../ports/dispatcher.js';
import { tellFault } from '../ports/tell-fault.js';
import { optionMistakes, refuse, wholeBetween } from './options/option-checks.js';
import { type AppStats, type SessionStats, type StatsOptions, tallySession } from './executions/stats.js';
import type { WorkerAppParts } from './parts/worker-app-parts.js';

const MOST_SESSIONS = 1_000;
/** Sessions that are counted at the same time. */
const TOGETHER = 16;

/** What `app.stats()` tells. */
export async function statsOf(parts: WorkerAppParts, options: StatsOptions): Promise<AppStats> {
  refuse(optionMistakes('stats()', options, { sessions: wholeBetween(0, MOST_SESSIONS) }));
  const { runtime, store, clock, startedAt } = parts;
  const workers = runtime.definitions.all().map(({ id }) => id);
  const [counts, bySession, dispatcher] = await Promise.all([
    store.counts(),
    sessionsOf(parts, options.sessions ?? 0),
    queuesOf(parts),
  ]);
  return {
    ...tallySession(counts, workers),
    workers: workers.length,
    uptimeMs: clock.now() - startedAt,
    bySession,
    queues: { local: { running: runtime.consumer.used, concurrency: parts.concurrency() }, dispatcher },
  };
}

async function sessionsOf(
  { store }: WorkerAppParts,
  most: number,
): Promise<Readonly<Record<string, SessionStats>>> {
  // Ids come from outside: any text may be one.
  const stats = Object.create(null) as Record<string, SessionStats>;
  const ids = most === 0 ? [] : await store.openSessions(null, most);
  for (let at = 0; at < ids.length; at += TOGETHER) {
    const page = ids.slice(at, at + TOGETHER);
    const counted = await Promise.all(page.map(async (id) => [id, await store.counts(id)] as const));
    for (const [id, counts] of counted) stats[id] = tallySession(counts);
  }
  return stats;
}

/** A broker that is away does not keep the store's counts back. */
async function queuesOf(parts: WorkerAppParts): Promise<Readonly<Record<string, HintQueue>>> {
  const { dispatcher } = parts.options();
  if (dispatcher?.queues === undefined) return {};
  try {
    return await answerInTime(parts.clock, ANSWER_MS, 'read queues', dispatcher.queues());
  } catch (error) {
    tellFault({ observer: parts.bus, clock: parts.clock }, 'read queues', error);
    return {};
  }
}
