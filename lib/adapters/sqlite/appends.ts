import type { AppendWrite, Verdict } from '../../ports/store-write.js';
import type { Batches } from './batches.js';
import { listeningBits, messageKindCode, statusCode } from './codes.js';
import type { Connection, Statement } from './connection.js';
import type { Gates } from './gates.js';
import type { HeldLeases } from './held-leases.js';
import { toStored, toStoredOrNull } from './stored-text.js';

const ok: Verdict = Object.freeze({ verdict: 'ok' });
const okAndDue: Verdict = Object.freeze({ verdict: 'ok', due: true });
const already: Verdict = Object.freeze({ verdict: 'already' });
const notListening: Verdict = Object.freeze({ verdict: 'rejected', reason: 'not-listening' });
const unknownExecution: Verdict = Object.freeze({ verdict: 'rejected', reason: 'unknown-execution' });

/** Acknowledged messages that one inbox keeps, so that a resend is recognised. */
const REMEMBERED = 1_000;
/** Every so many messages an inbox is trimmed. */
const TRIM_EVERY = 256;

const terminal: ReadonlySet<number> = new Set([
  statusCode.completed,
  statusCode.failed,
  statusCode.cancelled,
  statusCode.skipped,
]);

interface Target {
  readonly n: number;
  readonly status: number;
  readonly listening: number;
  readonly seen: number;
  readonly gate: number | null;
  readonly batch: number | null;
}

/** Puts messages into inboxes and makes their targets due. */
export class Appends {
  private readonly selectTarget: Statement<Target>;
  private readonly selectKnown: Statement<{ seq: number }>;
  private readonly selectLast: Statement<{ seq: number }>;
  private readonly insert: Statement<never>;
  private readonly ready: Statement<never>;
  private readonly trim: Statement<never>;
  /** A message was stored since this was last reset. */
  appended = false;

  constructor(
    connection: Connection,
    private readonly held: HeldLeases,
    private readonly gates: Gates,
    private readonly batches: Batches,
  ) {
    this.selectTarget = connection.prepare(
      'SELECT n, status, listening, seen, gate, batch FROM holdfast_execution WHERE id = ?',
    );
    this.selectKnown = connection.prepare('SELECT seq FROM holdfast_message WHERE n = ? AND id = ?');
    this.selectLast = connection.prepare(
      'SELECT seq FROM holdfast_message WHERE n = ? ORDER BY seq DESC LIMIT 1',
    );
    this.insert = connection.prepare(
      'INSERT INTO holdfast_message (n, seq, id, kind, body) VALUES (?, ?, ?, ?, ?)',
    );
    this.ready = connection.prepare(
      'UPDATE holdfast_execution SET status = 0, reason = NULL, wake_at = NULL, due_at = ? WHERE n = ?',
    );
    this.trim = connection.prepare('DELETE FROM holdfast_message WHERE n = ? AND seq <= ? AND kind <> 7');
  }

  append({ message }: AppendWrite, now: number): Verdict {
    const target = this.selectTarget.get([toStored(message.to)]);
    if (target === undefined) return unknownExecution;
    const { n, status, seen } = target;
    if (this.selectKnown.get([n, toStored(message.id)]) !== undefined) return already;
    const listens = (target.listening & listeningBits([message.kind])) !== 0;
    if (!listens && terminal.has(status)) return notListening;
    const seq = Math.max(this.selectLast.get([n])?.seq ?? 0, seen) + 1;
    this.insert.run([
      n,
      seq,
      toStored(message.id),
      messageKindCode(message.kind),
      toStoredOrNull(message.body),
    ]);
    if (seq % TRIM_EVERY === 0) this.trim.run([n, Math.min(seen, seq - REMEMBERED)]);
    this.appended = true;
    this.held.mailed(n);
    if (target.batch !== null) this.batches.told(n, message.kind, listens, now);
    if (!listens || status === statusCode.running || status === statusCode.pending) return ok;
    if (target.gate !== null && target.gate > 0) return this.gates.ready(n, now) ? okAndDue : ok;
    this.ready.run([now, n]);
    return okAndDue;
  }
}
