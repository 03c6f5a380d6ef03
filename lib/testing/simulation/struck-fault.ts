/** What may go wrong: at a call to the store, with a hint, or with a process at some instant. */
const KINDS = [
  'refused',
  'reply-lost',
  'late',
  'slow',
  'dies-before',
  'dies-after',
  'dies-in-body',
  'stands-still',
  'hint-lost',
  'hint-doubled',
  'hint-late',
  'crash',
  'pause',
  'stop',
  'clock-step',
] as const;

/** What can go wrong in a simulation. */
export type FaultKind = (typeof KINDS)[number];

/** One thing that went wrong. A list of them, given to a run of the same seed, makes the same go wrong again. */
export interface StruckFault {
  readonly kind: FaultKind;
  /** Name of the process: `p2`; `all` of what strikes the host that all of them run on. */
  readonly machine: string;
  /** Number of the machine's call, hint or moment in a body, 1-based; of what strikes a process at some instant, ms since the run began. */
  readonly at: number;
  /** How long it takes, for kinds that take time. */
  readonly ms: readonly number[];
}

/** As one word list: `dies-after p1 17`. */
export function textOfFault({ kind, machine, at, ms }: StruckFault): string {
  return [kind, machine, at, ...ms].join(' ');
}

/** The fault that a text names; null: it names none. */
export function faultOfText(text: string): StruckFault | null {
  const [kind, machine, ...numbers] = text.split(' ');
  const [at, ...ms] = numbers.map(Number);
  const isKind = (KINDS as readonly (string | undefined)[]).includes(kind);
  if (!isKind || machine === undefined || at === undefined || [at, ...ms].some(Number.isNaN)) return null;
  return { kind: kind as FaultKind, machine, at, ms };
}
