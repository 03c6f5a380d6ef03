import type { Line } from './history.js';
import { LEASE_MS } from './torture-limits.js';

/** When a process could not rely on its lease, because a renewal was late or never came. Epoch ms. */
export interface LeaseGap {
  readonly pid: number;
  readonly from: number;
  /** `Infinity` after the last renewal. */
  readonly to: number;
}

/** Half a lease after the last renewal was sent, the engine begins nothing more. */
const SURE_MS = LEASE_MS / 2;

export function leaseGaps(lines: readonly Line[]): readonly LeaseGap[] {
  const last = new Map<number, number>();
  const gaps: LeaseGap[] = [];
  for (const line of lines) {
    if (line.saw !== 'renewed') continue;
    const from = (last.get(line.pid) ?? line.sentAt) + SURE_MS;
    if (line.at > from) gaps.push({ pid: line.pid, from, to: line.at });
    last.set(line.pid, line.sentAt);
  }
  for (const [pid, sentAt] of last) gaps.push({ pid, from: sentAt + SURE_MS, to: Number.POSITIVE_INFINITY });
  return gaps;
}
