import type { SchedulePolicy } from '../../lib/model/schedule.js';
import type { SeededRandom } from '../../lib/testing/simulation/seeded-random.js';
import type { Simulation } from '../../lib/testing/simulation/simulation.js';

/** Instants of one schedule, at most. */
const MOST_INSTANTS = 5;

/** A schedule that comes to an end, and the program that each of its instants runs. */
export interface DrawnSchedule {
  readonly policy: SchedulePolicy;
  readonly program: number;
  readonly intervalMs: number;
  /** Epoch ms. */
  readonly lastAt: number;
}

/** Draws a schedule whose instants come while faults strike. */
export function drawSchedule(random: SeededRandom, from: number, programs: number): DrawnSchedule {
  const intervalMs = random.pick([500, 2_000, 5_000, 20_000]);
  const first = (Math.floor((from + random.int(0, 20_000)) / intervalMs) + 1) * intervalMs;
  const lastAt = first + (random.int(2, MOST_INSTANTS) - 1) * intervalMs;
  const policy: SchedulePolicy = {
    print: 'drawn',
    intervalMs: null,
    timing: 'drawn',
    next: (after) => {
      const next = Math.max(first, (Math.floor(after / intervalMs) + 1) * intervalMs);
      return next > lastAt ? null : next;
    },
    misfire: random.pick(['once', 'all', 'skip']),
    overlap: random.pick(['skip', 'buffer', 'allow', 'cancel']),
    startImmediately: random.chance(0.3),
    jitterMs: random.chance(0.3) ? 3_000 : 0,
  };
  return { policy, program: random.int(0, programs - 1), intervalMs, lastAt };
}

/** What must hold of the instants that started executions, when all are over. */
export function checkInstants(
  simulation: Simulation,
  id: string,
  { policy, lastAt }: DrawnSchedule,
  broken: (rule: string, what: string) => void,
): void {
  const { schedules } = simulation.model;
  const declaredAt = schedules.declaredAt.get(id) ?? Number.POSITIVE_INFINITY;
  const began = new Set(schedules.instants.get(id));
  const instants: number[] = [];
  for (let at = policy.next(0); at !== null; at = policy.next(at)) instants.push(at);
  const others = [...began].filter((at) => !instants.includes(at));
  // The first one may be that of its first declaration, whose instant was read before the clock was set back.
  const latest = declaredAt + simulation.time.setBackMs;
  if (others.length > (policy.startImmediately ? 1 : 0) || others.some((at) => at > latest))
    broken('I10', `${id} ticked at ${others.join(', ')}, no instants of it`);
  const { misfire, overlap } = policy;
  const told = `${id} (misfire ${misfire}, overlap ${overlap}) ticked at ${[...began].join(', ')}`;
  const missing = instants.filter((at) => at > declaredAt && !began.has(at));
  if (misfire === 'all' && overlap === 'allow' && missing.length > 0)
    broken('I10', `${told}, never at ${missing.join(', ')}`);
  if (misfire !== 'skip' && (overlap === 'allow' || overlap === 'cancel') && missing.includes(lastAt))
    broken('I10', `${told}, not at its last instant ${lastAt}`);
}
