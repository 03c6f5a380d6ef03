import type { FaultMix } from '../simulation/fault-mix.js';

/** How often each group of faults strikes, against the usual: 0 never, 1 as usual. */
export interface FaultFactors {
  readonly crashes: number;
  readonly hints: number;
  readonly store: number;
  readonly pauses: number;
}

/** The mix with each group of its faults that much more, or less, often. */
export function scaledFaults(mix: FaultMix, { crashes, hints, store, pauses }: FaultFactors): FaultMix {
  const often = (probability: number, factor: number): number => Math.min(probability * factor, 1);
  const every = (ms: number, factor: number): number => (factor === 0 ? 0 : ms / factor);
  return {
    ...mix,
    refused: often(mix.refused, store),
    replyLost: often(mix.replyLost, store),
    slow: often(mix.slow, store),
    crashAtCall: often(mix.crashAtCall, crashes),
    crashInBody: often(mix.crashInBody, crashes),
    pauseInBody: often(mix.pauseInBody, pauses),
    crashEveryMs: every(mix.crashEveryMs, crashes),
    goneForGood: often(mix.goneForGood, crashes),
    stopEveryMs: every(mix.stopEveryMs, crashes),
    pauseEveryMs: every(mix.pauseEveryMs, pauses),
    hintDropped: often(mix.hintDropped, hints),
    hintDoubled: often(mix.hintDoubled, hints),
    hintLate: often(mix.hintLate, hints),
  };
}
