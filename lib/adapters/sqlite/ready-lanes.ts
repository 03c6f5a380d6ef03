import type { Connection, Statement } from './connection.js';

interface ReadyRow {
  readonly n: number;
  readonly priority: number;
}

/** A non-empty lane and the definitions that have ready work in it. */
interface Lane {
  readonly name: string;
  readonly definitions: readonly number[];
}

/**
 * Serves ready executions lane by lane. Lanes are found by jumping in the index from one to the next, so a lane with
 * 100,000 rows costs as much as one with a single row. Goes on where the last call stopped.
 */
export class ReadyLanes {
  private readonly firstLane: Statement<{ lane: string }>;
  private readonly laneAfter: Statement<{ lane: string }>;
  private readonly selectReady: Statement<ReadyRow>;
  /** The lane served last. */
  private cursor: string | null = null;

  constructor(connection: Connection) {
    this.firstLane = connection.prepare(selectFirstLane);
    this.laneAfter = connection.prepare(selectLaneAfter);
    this.selectReady = connection.prepare(selectReadyOfLane);
  }

  /** Numbers of at most `limit` executions in the order in which they are to be served, and whether there are more. */
  next(
    definitions: readonly number[],
    limit: number,
  ): { readonly found: readonly number[]; readonly more: boolean } {
    const { lanes, more: moreLanes } = this.lanes(definitions, limit);
    if (lanes.length === 0) return { found: [], more: false };
    const fair = Math.ceil(limit / lanes.length) + 1;
    let queues = lanes.map((lane) => this.queue(lane, fair));
    const short = limit > queues.reduce((sum, queue) => sum + queue.length, 0);
    if (short && queues.some((queue) => queue.length === fair)) {
      queues = lanes.map((lane, i) =>
        queues[i]?.length === fair ? this.queue(lane, limit + 1) : (queues[i] ?? []),
      );
    }
    const found: number[] = [];
    for (let round = 0; found.length < limit && queues.some((queue) => queue.length > round); round++) {
      for (let i = 0; i < queues.length && found.length < limit; i++) {
        const n = queues[i]?.[round];
        if (n === undefined) continue;
        found.push(n);
        this.cursor = lanes[i]?.name ?? this.cursor;
      }
    }
    const queued = queues.reduce((sum, queue) => sum + queue.length, 0);
    return { found, more: moreLanes || queued > found.length };
  }

  /** The lanes after the cursor, then those up to it; at most `limit`. */
  private lanes(definitions: readonly number[], limit: number): { lanes: Lane[]; more: boolean } {
    const lanes: Lane[] = [];
    const start = this.cursor;
    for (const lane of this.walk(definitions, start)) {
      if (lanes.length === limit) return { lanes, more: true };
      lanes.push(lane);
    }
    if (start === null) return { lanes, more: false };
    for (const lane of this.walk(definitions, null)) {
      if (compareBytes(lane.name, start) > 0) break;
      if (lanes.length === limit) return { lanes, more: true };
      lanes.push(lane);
    }
    return { lanes, more: false };
  }

  /** Non-empty lanes beyond `after` in index order, merged over the definitions. */
  private *walk(definitions: readonly number[], after: string | null): Generator<Lane> {
    const heads = new Map<number, string>();
    const advance = (definition: number, beyond: string | null): void => {
      const row =
        beyond === null ? this.firstLane.get([definition]) : this.laneAfter.get([definition, beyond]);
      if (row === undefined) heads.delete(definition);
      else heads.set(definition, row.lane);
    };
    for (const definition of definitions) advance(definition, after);
    while (heads.size > 0) {
      let name: string | null = null;
      for (const head of heads.values()) if (name === null || compareBytes(head, name) < 0) name = head;
      if (name === null) return;
      const holders = [...heads].filter(([, head]) => head === name).map(([definition]) => definition);
      yield { name, definitions: holders };
      for (const definition of holders) advance(definition, name);
    }
  }

  /** At most `limit` of one lane: priority, then age, whatever the definition. */
  private queue(lane: Lane, limit: number): number[] {
    const rows = lane.definitions.flatMap((definition) =>
      this.selectReady.all([definition, lane.name, limit]),
    );
    if (lane.definitions.length > 1) rows.sort((a, b) => b.priority - a.priority || a.n - b.n);
    return rows.slice(0, limit).map(({ n }) => n);
  }
}

/** The order of the index, which compares UTF-8 bytes: that of code points. */
function compareBytes(a: string, b: string): number {
  if (a === b) return 0;
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

export const selectFirstLane = `
SELECT lane FROM holdfast_execution WHERE status = 0 AND definition = ? ORDER BY lane LIMIT 1`;

export const selectLaneAfter = `
SELECT lane FROM holdfast_execution WHERE status = 0 AND definition = ? AND lane > ? ORDER BY lane LIMIT 1`;

export const selectReadyOfLane = `
SELECT n, priority FROM holdfast_execution WHERE status = 0 AND definition = ? AND lane = ?
ORDER BY priority DESC, n LIMIT ?`;
