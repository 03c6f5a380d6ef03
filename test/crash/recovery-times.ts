import type { Line } from './history.js';
import { leaseGaps } from './lease-gaps.js';

/** How long each kill delayed what it interrupted: of several executions, the one that waited longest. Sorted. */
export function longestRecoveries(lines: readonly Line[]): readonly number[] {
  const longest: number[] = [];
  const held = new Map<string, number>();
  const orphaned = new Map<string, { readonly kill: number; readonly at: number }>();
  const byKill = new Map<number, number>();
  const live = new LiveTime(lines);
  lines.forEach((line, index) => {
    if (line.saw === 'pass') {
      const orphan = orphaned.get(line.execution);
      if (orphan !== undefined) {
        const took = live.between(orphan.at, line.at);
        byKill.set(orphan.kill, Math.max(byKill.get(orphan.kill) ?? 0, took));
      }
      orphaned.delete(line.execution);
      held.set(line.execution, line.pid);
    }
    if (line.saw === 'ended' || line.saw === 'waiting') {
      held.delete(line.execution);
      orphaned.delete(line.execution);
    }
    if (line.saw !== 'killed') return;
    for (const [execution, pid] of held) {
      if (pid !== line.pid) continue;
      held.delete(execution);
      orphaned.set(execution, { kill: index, at: line.at });
    }
  });
  longest.push(...byKill.values());
  return longest.sort((a, b) => a - b);
}

/** The time in which at least one worker process was up, not stopped, and sure of its lease. */
class LiveTime {
  private readonly changes: { readonly at: number; readonly live: boolean }[] = [];

  constructor(lines: readonly Line[]) {
    const up = new Set<number>();
    const stopped = new Set<number>();
    const unsure = new Set<number>();
    for (const { at, pid, saw } of turningPoints(lines)) {
      if (saw === 'up') up.add(pid);
      else if (saw === 'killed') up.delete(pid);
      else if (saw === 'stopped') stopped.add(pid);
      else if (saw === 'continued') stopped.delete(pid);
      else if (saw === 'unsure') unsure.add(pid);
      else unsure.delete(pid);
      this.changes.push({ at, live: [...up].some((each) => !stopped.has(each) && !unsure.has(each)) });
    }
  }

  between(from: number, to: number): number {
    let total = 0;
    let since = from;
    let live = false;
    for (const change of this.changes) {
      if (change.at > to) break;
      if (change.at > since) {
        if (live) total += change.at - since;
        since = change.at;
      }
      live = change.live;
    }
    return total + (live ? to - since : 0);
  }
}

interface TurningPoint {
  readonly at: number;
  readonly pid: number;
  readonly saw: 'up' | 'killed' | 'stopped' | 'continued' | 'unsure' | 'sure';
}

/** What changes whether a process can work, in order of time. */
function turningPoints(lines: readonly Line[]): readonly TurningPoint[] {
  const points: TurningPoint[] = [];
  for (const { at, pid, saw } of lines)
    if (saw === 'up' || saw === 'killed' || saw === 'stopped' || saw === 'continued')
      points.push({ at, pid, saw });
  for (const { pid, from, to } of leaseGaps(lines))
    points.push({ at: from, pid, saw: 'unsure' }, { at: to, pid, saw: 'sure' });
  return points.sort((a, b) => a.at - b.at);
}
