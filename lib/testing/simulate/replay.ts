import { ConfigurationError } from '../../model/errors-boot.js';
import { faultOfText, textOfFault, type StruckFault } from '../simulation/struck-fault.js';

/** One run, exactly. A violation's message holds it, to be pasted into the call of `simulate`. */
export interface Replay {
  readonly seed: number;
  /** Positions in `events` of those that are published; all by default. */
  readonly events?: readonly number[];
  readonly processes?: number;
  /** What goes wrong and where, `'dies-after p1 17'`; nothing else does. By default the seed draws it. */
  readonly faults?: readonly string[];
}

/** What one run does. */
export interface RunPlan {
  readonly seed: number;
  /** Positions in the list of events; null: all. */
  readonly events: readonly number[] | null;
  readonly processes: number;
  /** Null: the seed draws them. */
  readonly faults: readonly StruckFault[] | null;
  /** One event after the other, each when the one before has long ended. */
  readonly isOneByOne?: boolean;
}

/** The same events in one process, one after the other, with nothing going wrong. */
export function calmPlan(plan: RunPlan): RunPlan {
  return { ...plan, processes: 1, faults: [], isOneByOne: true };
}

/** The run that a replay asks for. Throws `ConfigurationError` for a fault that cannot be read. */
export function planOf(replay: Replay, processes: number): RunPlan {
  const faults = replay.faults?.map((text) => {
    const fault = faultOfText(text);
    if (fault !== null) return fault;
    throw new ConfigurationError([
      { option: 'replay.faults', found: `found '${text}'`, write: 'Paste the list that the message printed' },
    ]);
  });
  return {
    seed: replay.seed,
    events: replay.events ?? null,
    processes: replay.processes ?? processes,
    faults: faults ?? null,
  };
}

/** What to give to `simulate` to have that run again. */
export function replayOf({ seed, events, processes, faults }: RunPlan): Replay {
  return {
    seed,
    ...(events === null ? null : { events }),
    processes,
    ...(faults === null ? null : { faults: faults.map(textOfFault) }),
  };
}

/** As source code: `{ seed: 17, processes: 2, faults: ['crash p1 1203'] }`. */
export function textOfReplay({ seed, events, processes, faults }: Replay): string {
  const parts = [`seed: ${seed}`];
  if (events !== undefined) parts.push(`events: [${events.join(', ')}]`);
  if (processes !== undefined) parts.push(`processes: ${processes}`);
  if (faults !== undefined) parts.push(`faults: [${faults.map((fault) => `'${fault}'`).join(', ')}]`);
  return `{ ${parts.join(', ')} }`;
}
