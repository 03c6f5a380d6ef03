import type { SeededRandom } from './seeded-random.js';

/** How often what goes wrong, in one simulated run. Probabilities are 0…1, times ms. */
export interface FaultMix {
  /** A store call is rejected and was not applied. */
  readonly refused: number;
  /** A store call is rejected although it was applied. */
  readonly replyLost: number;
  /** A store call takes up to `slowMs` each way instead of a few ms. */
  readonly slow: number;
  readonly slowMs: number;
  /** The process dies at a store call: before it is applied, or after it and before the reply. */
  readonly crashAtCall: number;
  /** The process dies at a moment of a body: as it begins, waits or ends. */
  readonly crashInBody: number;
  /** It stands still there, for up to three leases. */
  readonly pauseInBody: number;
  /** Mean time between crashes of some process at any instant; 0: none. */
  readonly crashEveryMs: number;
  /** A process that died never comes back (another one keeps running). */
  readonly goneForGood: number;
  /** Mean time between pauses of some process; 0: none. Paused for up to three leases. */
  readonly pauseEveryMs: number;
  /** Mean time between graceful stops of some process, which starts again afterwards; 0: none. */
  readonly stopEveryMs: number;
  readonly hintDropped: number;
  readonly hintDoubled: number;
  /** A hint comes up to a day late, else within 20 ms. */
  readonly hintLate: number;
  /** Mean time between steps of the wall clock, back by up to 5 s or on by up to half a second; 0: none. */
  readonly clockStepEveryMs: number;
  /** For how long faults go on; afterwards everything must come to an end. */
  readonly lastsMs: number;
}

/** Nothing goes wrong. */
export const noFaults: FaultMix = Object.freeze({
  refused: 0,
  replyLost: 0,
  slow: 0,
  slowMs: 0,
  crashAtCall: 0,
  crashInBody: 0,
  pauseInBody: 0,
  crashEveryMs: 0,
  goneForGood: 0,
  pauseEveryMs: 0,
  stopEveryMs: 0,
  hintDropped: 0,
  hintDoubled: 0,
  hintLate: 0,
  clockStepEveryMs: 0,
  lastsMs: 0,
});

/**
 * A mix of its own for each seed: kinds of fault that never meet in the average run do meet in some. In others one kind
 * is alone, so that no other mends by chance what it breaks.
 */
export function drawFaults(random: SeededRandom): FaultMix {
  const lastsMs = random.between(10_000, 60_000);
  const kind = random.next();
  if (kind < 0.1) return deathsInSilence(random, lastsMs);
  return kind < 0.2 ? longPauses(random, lastsMs) : anything(random, lastsMs);
}

/** Who dies stays dead, and nobody is told of anything. */
function deathsInSilence(random: SeededRandom, lastsMs: number): FaultMix {
  const crashInBody = random.between(0.01, 0.1);
  return { ...noFaults, hintDropped: 1, goneForGood: 1, crashInBody, lastsMs };
}

/** Processes stand still longer than their leases last, while what they asked for is on its way. */
function longPauses(random: SeededRandom, lastsMs: number): FaultMix {
  const [pauseInBody, slow] = [random.between(0.05, 0.2), random.between(0, 0.3)];
  return { ...noFaults, pauseInBody, slow, slowMs: random.pick([500, 20_000]), lastsMs };
}

function anything(random: SeededRandom, lastsMs: number): FaultMix {
  const some = (likely: number, high: number): number =>
    random.chance(likely) ? random.between(0, high) : 0;
  const every = (likely: number, low: number, high: number): number =>
    random.chance(likely) ? random.between(low, high) : 0;
  return {
    refused: some(0.4, 0.15),
    replyLost: some(0.5, 0.15),
    slow: some(0.3, 0.1),
    slowMs: random.pick([50, 500, 5_000, 20_000]),
    crashAtCall: some(0.4, 0.02),
    crashInBody: some(0.35, 0.06),
    pauseInBody: some(0.35, 0.06),
    crashEveryMs: every(0.4, 2_000, 30_000),
    goneForGood: random.chance(0.25) ? 1 : some(0.35, 1),
    pauseEveryMs: every(0.35, 2_000, 40_000),
    stopEveryMs: every(0.2, 5_000, 60_000),
    hintDropped: random.chance(0.25) ? 1 : some(0.4, 0.9),
    hintDoubled: some(0.4, 0.4),
    hintLate: some(0.2, 0.3),
    clockStepEveryMs: every(0.2, 2_000, 30_000),
    lastsMs,
  };
}

/** As `drawFaults`, for runs that are over in a few hundred ms: what goes wrong goes wrong soon. */
export function drawQuickFaults(random: SeededRandom): FaultMix {
  const mix = drawFaults(random);
  const often = (likely: number, high: number): number =>
    random.chance(likely) ? random.between(0, high) : 0;
  return {
    ...mix,
    crashAtCall: often(0.4, 0.08),
    crashInBody: often(0.6, 0.15),
    pauseInBody: often(0.4, 0.1),
    crashEveryMs: mix.crashEveryMs / 10,
    pauseEveryMs: mix.pauseEveryMs / 10,
    // What users write may go by the clock.
    clockStepEveryMs: 0,
    lastsMs: random.between(1_000, 30_000),
  };
}
