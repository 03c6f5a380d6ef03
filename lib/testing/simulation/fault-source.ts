/** What goes wrong with one call to the store. */
export interface CallFaults {
  /** `late`: the caller has given up when the call is applied after all. */
  readonly outcome: 'answered' | 'refused' | 'reply-lost' | 'late';
  /** Ms that the way there takes beyond the usual, and the way back. */
  readonly thereMs: number;
  readonly backMs: number;
  /** The process dies before the call is applied, or after it and before the answer. */
  readonly dies: 'before' | 'after' | null;
}

/** What goes wrong with one hint. */
export interface HintFaults {
  readonly isLost: boolean;
  readonly lateMs: number;
  /** A second one comes, so much later; null: none does. */
  readonly doubledMs: number | null;
}

/** What happens to the process at one moment of a body: as it begins, waits or ends. */
export interface MomentFaults {
  readonly dies: boolean;
  /** It stands still for so long; 0: it does not. */
  readonly pausesMs: number;
}

/** Strikes whole processes. */
export interface Striker {
  /** Ms since the run began. */
  elapsed(): number;
  /** Calls back after so many ms. */
  after(ms: number, then: () => void): void;
  /** Names of the processes that run. */
  running(): readonly string[];
  crash(machine: string): void;
  pause(machine: string, forMs: number): void;
  /** Stops it gracefully; it starts again after so many ms. */
  stop(machine: string, restartMs: number): void;
  /** Sets the wall clock that processes and store read, by so many ms. */
  stepClock(ms: number): void;
}

/** Decides what goes wrong in a run, and tells the same for the same place in it. */
export interface FaultSource {
  /** For how long faults go on; afterwards everything must come to an end. */
  readonly lastsMs: number;
  /** How likely a process that died never comes back, 0…1. */
  readonly goneForGood: number;
  /** Asked for each call of a machine, in order; `call` is 1-based. */
  atCall(machine: string, call: number): CallFaults;
  /** Asked for each hint that a machine is sent, in order. */
  atHint(machine: string, hint: number): HintFaults;
  /** Asked for each moment of the bodies on a machine, in order. */
  atMoment(machine: string, moment: number): MomentFaults;
  /** Arranges what strikes processes until then, in ms since the run began. */
  strike(striker: Striker, untilMs: number): void;
}

export const noCallFaults: CallFaults = Object.freeze({
  outcome: 'answered',
  thereMs: 0,
  backMs: 0,
  dies: null,
});

export const noHintFaults: HintFaults = Object.freeze({ isLost: false, lateMs: 0, doubledMs: null });

export const noMomentFaults: MomentFaults = Object.freeze({ dies: false, pausesMs: 0 });
