import type { ClaimAnswer, ClaimedExecution, ClaimRequest } from '../../ports/store.js';
import type { DefinitionWork, Entry } from './entry.js';
import type { Executions } from './executions.js';

/** Messages of one inbox that a claim answers at most. */
const INBOX_PAGE = 1_000;

/** Finds what is due for one process and leases it: expired work first, then ready lanes in rotation. */
export class Claims {
  constructor(
    private readonly executions: Executions,
    private readonly paused: ReadonlySet<string>,
  ) {}

  claim(request: ClaimRequest, now: number): ClaimAnswer {
    const definitions = this.definitions(request);
    for (const work of definitions) this.executions.work.promote(work, now);
    if (request.own !== undefined) return this.takeBack(request, request.own, now);
    if (request.ids !== undefined) return this.claimThese(request, request.ids, definitions, now);

    const expired = this.expired(definitions, request.limit + 1, now);
    const claimed = expired.slice(0, request.limit).map((entry) => this.take(entry, request, now));
    while (claimed.length < request.limit) {
      const entry = this.executions.work.shift(definitions);
      if (entry === undefined) break;
      claimed.push(this.take(entry, request, now));
    }
    const more = expired.length > request.limit || isAnyReady(definitions);
    return { claimed, nextAt: this.nextAt(request, definitions, now), more };
  }

  private claimThese(
    request: ClaimRequest,
    ids: NonNullable<ClaimRequest['ids']>,
    definitions: ReadonlySet<DefinitionWork>,
    now: number,
  ): ClaimAnswer {
    const claimed: ClaimedExecution[] = [];
    let nextAt: number | null = null;
    let more = false;
    for (const id of new Set(ids)) {
      const entry = this.executions.all.find(id);
      if (entry === undefined || !definitions.has(entry.work)) continue;
      if (entry.place === 'timer' && entry.wakesAt <= now) this.executions.work.fire(entry);
      const dueAt = this.dueAt(entry, now);
      if (dueAt === null) continue;
      if (dueAt > now) nextAt = nextAt === null ? dueAt : Math.min(nextAt, dueAt);
      else if (claimed.length < request.limit) claimed.push(this.take(entry, request, now));
      else more = true;
    }
    return { claimed, nextAt, more };
  }

  private takeBack(request: ClaimRequest, own: NonNullable<ClaimRequest['own']>, now: number): ClaimAnswer {
    const claimed: ClaimedExecution[] = [];
    let more = false;
    for (const { id, fence } of own) {
      const entry = this.executions.all.find(id);
      if (entry === undefined || this.paused.has(entry.work.id)) continue;
      const isOwn = entry.place === 'running' && entry.owner?.id === request.owner && entry.fence === fence;
      if (!isOwn) continue;
      if (claimed.length < request.limit) claimed.push(this.take(entry, request, now));
      else more = true;
    }
    return { claimed, nextAt: null, more };
  }

  private definitions({ runnable }: ClaimRequest): Set<DefinitionWork> {
    const found = new Set<DefinitionWork>();
    for (const ref of runnable) {
      const work = this.paused.has(ref.id) ? undefined : this.executions.work.find(ref);
      if (work !== undefined) found.add(work);
    }
    return found;
  }

  /** At most `limit` running executions whose owner's lease has expired. */
  private expired(definitions: ReadonlySet<DefinitionWork>, limit: number, now: number): Entry[] {
    const found: Entry[] = [];
    for (const process of this.executions.processes.all()) {
      if (process.runningCount === 0 || process.isLive(now)) continue;
      for (const work of definitions) {
        let entry = process.running.get(work)?.first ?? null;
        for (; entry !== null && found.length < limit; entry = entry.next) found.push(entry);
      }
    }
    return found;
  }

  private take(entry: Entry, { owner }: ClaimRequest, now: number): ClaimedExecution {
    const dueSince = this.dueAt(entry, now) ?? now;
    const strikes = entry.strikes;
    this.executions.run(entry, owner, now);
    return {
      lease: { executionId: entry.id, key: entry.key, owner, fence: entry.fence },
      record: entry.toRecord(),
      journal: entry.journal.load(entry.turn, entry.epoch),
      inbox: entry.inbox === null ? [] : entry.inbox.unseen(entry.seenInboxSeq, INBOX_PAGE),
      ...(entry.batch === null ? {} : { batch: entry.batch.collected(entry.inbox?.items.at(-1)?.seq ?? 0) }),
      strikes,
      dueSince,
    };
  }

  private dueAt(entry: Entry, now: number): number | null {
    if (entry.place === 'timer') return entry.wakesAt;
    if (entry.place === 'running')
      return entry.owner?.isLive(now) ? entry.owner.leaseUntil : expiredAt(entry, now);
    return entry.place === 'ready' || (entry.place === 'none' && entry.status === 'pending')
      ? entry.dueSince
      : null;
  }

  private nextAt(
    request: ClaimRequest,
    definitions: ReadonlySet<DefinitionWork>,
    now: number,
  ): number | null {
    let next: number | null = null;
    for (const work of definitions) {
      const timer = work.timers.peek();
      if (timer !== undefined && (next === null || timer.wakesAt < next)) next = timer.wakesAt;
    }
    for (const process of this.executions.processes.all()) {
      if (process.id === request.owner || process.runningCount === 0 || !process.isLive(now)) continue;
      if (next !== null && next <= process.leaseUntil) continue;
      for (const [work, chain] of process.running) {
        if (chain.size > 0 && definitions.has(work)) next = process.leaseUntil;
      }
    }
    return next;
  }
}

/** When the lease of a running entry ended, as far as anyone knows. */
function expiredAt(entry: Entry, now: number): number {
  const owner = entry.owner;
  return owner === null || owner.record === null ? now : Math.min(owner.leaseUntil, now);
}

function isAnyReady(definitions: ReadonlySet<DefinitionWork>): boolean {
  for (const work of definitions) if (work.lanes.first !== null) return true;
  return false;
}
