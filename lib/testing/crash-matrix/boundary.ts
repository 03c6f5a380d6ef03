/**
 * Where a process dies: as a body begins, when the body ended and nothing of it is stored, or as soon as it is stored.
 * `lease-lost`: it does not die but stands still between body and checkpoint, until another process has taken over; then
 * it goes on, and its write is refused.
 */
export type Boundary = 'before-body' | 'before-checkpoint' | 'after-checkpoint' | 'lease-lost';

/** What a person reads for it. */
export const BOUNDARY_TITLES: Readonly<Record<Boundary, string>> = {
  'before-body': 'before its body',
  'before-checkpoint': 'after its body, before its checkpoint',
  'after-checkpoint': 'after its checkpoint',
  'lease-lost': 'lease lost before its checkpoint',
};

/** Bodies begin, and rows of the journal (the end of an execution is one of them) are written. */
export type Stage = 'body' | 'row';

/** Where a process can die around each of them. */
export const BOUNDARIES_OF: Readonly<Record<Stage, readonly Boundary[]>> = {
  body: ['before-body'],
  row: ['before-checkpoint', 'after-checkpoint', 'lease-lost'],
};

/** One boundary of one step. */
export interface CrashCell {
  /** Worker and names: `order-worker.fulfil/charge`; `order-worker.fulfil` is the handler itself. */
  readonly step: string;
  readonly boundary: Boundary;
  /** Which time it comes to this boundary in one run, 1-based: steps run in loops, for several executions and in attempts. */
  readonly time: number;
}

/** `order-worker.fulfil/charge, after its checkpoint (2nd time)`. */
export function cellTitle({ step, boundary, time }: CrashCell): string {
  return `${step}, ${boundaryTitle({ boundary, time })}`;
}

/** `after its checkpoint (2nd time)`. */
export function boundaryTitle({ boundary, time }: Pick<CrashCell, 'boundary' | 'time'>): string {
  return time === 1 ? BOUNDARY_TITLES[boundary] : `${BOUNDARY_TITLES[boundary]} (${ordinal(time)} time)`;
}

function ordinal(at: number): string {
  const last = at % 100 >= 11 && at % 100 <= 13 ? 0 : at % 10;
  return `${at}${{ 1: 'st', 2: 'nd', 3: 'rd' }[last] ?? 'th'}`;
}
