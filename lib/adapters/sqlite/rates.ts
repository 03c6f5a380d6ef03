import { reserveRate } from '../../model/rate-reservation.js';
import type { ReserveWrite, Verdict } from '../../ports/store-write.js';
import type { Connection, Statement } from './connection.js';
import { toStored } from './stored-text.js';

/** Rates that are not idle, by the name of their bucket; retention removes those that are. */
export class Rates {
  private readonly select: Statement<{ ms: number; rest: number; parts: number }>;
  private readonly replace: Statement<never>;

  constructor(connection: Connection) {
    this.select = connection.prepare('SELECT ms, rest, parts FROM holdfast_rate WHERE bucket = ?');
    this.replace = connection.prepare(
      'INSERT OR REPLACE INTO holdfast_rate (bucket, ms, rest, parts, idle_from) VALUES (?, ?, ?, ?, ?)',
    );
  }

  reserve({ bucket, limit, perMs }: ReserveWrite, now: number): Verdict {
    const name = toStored(bucket);
    const row = this.select.get([name]);
    const before = row === undefined ? null : { ms: row.ms, rest: row.rest, limit: row.parts };
    const { at, state, idleFrom } = reserveRate(before, { limit, perMs }, now);
    this.replace.run([name, state.ms, state.rest, state.limit, idleFrom]);
    return { verdict: 'ok', at };
  }
}
