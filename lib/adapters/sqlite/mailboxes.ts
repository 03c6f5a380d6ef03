import type { EventId } from '../../model/ids.js';
import { MAILBOX_CAPACITY } from '../../model/mailbox.js';
import type { AwaitWrite, NewEvent, Verdict, Withdrawal } from '../../ports/store-write.js';
import { statusCode } from './codes.js';
import type { Connection, Statement } from './connection.js';
import { within } from './families.js';
import type { Gates } from './gates.js';
import { fromStored, fromStoredOrNull, toStored, toStoredOrNull } from './stored-text.js';

const stale: Verdict = Object.freeze({ verdict: 'stale' });
const nothing: Verdict = Object.freeze({ verdict: 'ok', mail: null });

interface GivenBack {
  readonly event: string;
  readonly key: string;
}

/** An open wait of one execution. */
interface OwnWait {
  readonly wait: number;
  readonly holder: string;
  readonly until: number | null;
  readonly except_id: string | null;
}

interface OpenWait {
  readonly wait: number;
  readonly n: number;
  readonly holder: string;
}

interface Letter {
  readonly mail: number;
  readonly schema_hash: string | null;
  readonly payload: string;
}

/** Events that executions may wait for, and those that do, by event and key. Call it inside a write transaction. */
export class Mailboxes {
  private readonly selectRow: Statement<{ status: number; fence: number }>;
  private readonly countBox: Statement<{ count: number }>;
  private readonly selectKnown: Statement<{ found: number }>;
  private readonly dropExpired: Statement<never>;
  private readonly insertMail: Statement<never>;
  private readonly selectMail: Statement<{ mail: number }>;
  private readonly selectOpen: Statement<OpenWait>;
  private readonly selectWait: Statement<
    Omit<Partial<Letter>, 'mail'> & { wait: number; mail: number | null }
  >;
  private readonly selectNext: Statement<Letter>;
  private readonly insertWait: Statement<never>;
  private readonly give: Statement<never>;
  private readonly prolong: Statement<never>;
  private readonly dropWait: Statement<never>;
  private readonly dropOpen: Statement<never>;
  private readonly dropAll: Statement<never>;
  private readonly selectWithin: Statement<{ wait: number; holder: string; mail: number | null } & GivenBack>;
  private readonly selectOwn: Statement<OwnWait>;
  private readonly spend: Statement<never>;
  private readonly dropSpent: Statement<never>;
  private readonly forgetSpent: Statement<never>;

  constructor(
    connection: Connection,
    private readonly gates: Gates,
  ) {
    this.selectRow = connection.prepare('SELECT status, fence FROM holdfast_execution WHERE n = ?');
    this.countBox = connection.prepare(
      'SELECT count(*) AS count FROM holdfast_mail WHERE event = ? AND key = ? AND until > ?',
    );
    this.selectKnown = connection.prepare(
      'SELECT 1 AS found FROM holdfast_mail WHERE event = ? AND key = ? AND id = ? AND until > ?',
    );
    this.dropExpired = connection.prepare(
      'DELETE FROM holdfast_mail WHERE event = ? AND key = ? AND until <= ?',
    );
    this.insertMail = connection.prepare(insertMail);
    this.selectMail = connection.prepare(
      'SELECT mail FROM holdfast_mail WHERE event = ? AND key = ? AND id = ?',
    );
    this.selectOpen = connection.prepare(selectOpenWaits);
    this.selectWait = connection.prepare(
      'SELECT wait, mail, schema_hash, payload FROM holdfast_wait WHERE n = ? AND holder = ?',
    );
    this.selectNext = connection.prepare(selectNextMail);
    this.insertWait = connection.prepare(
      'INSERT INTO holdfast_wait (n, holder, event, key, until, except_id, mail, schema_hash, payload) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
    );
    this.give = connection.prepare(
      'UPDATE holdfast_wait SET mail = ?, schema_hash = ?, payload = ? WHERE wait = ?',
    );
    this.prolong = connection.prepare('UPDATE holdfast_wait SET until = ? WHERE wait = ?');
    this.dropWait = connection.prepare('DELETE FROM holdfast_wait WHERE wait = ?');
    this.dropOpen = connection.prepare('DELETE FROM holdfast_wait WHERE n = ? AND mail IS NULL');
    this.dropAll = connection.prepare('DELETE FROM holdfast_wait WHERE n = ?');
    this.selectWithin = connection.prepare(
      `SELECT wait, holder, mail, event, key FROM holdfast_wait WHERE n = ? AND ${within('holder')}`,
    );
    this.selectOwn = connection.prepare(
      'SELECT wait, holder, until, except_id FROM holdfast_wait WHERE n = ? AND event = ? AND key = ? AND mail IS NULL ORDER BY wait',
    );
    this.spend = connection.prepare(
      'INSERT OR IGNORE INTO holdfast_spent_mail (n, mail) SELECT n, mail FROM holdfast_wait WHERE n = ? AND mail IS NOT NULL',
    );
    this.dropSpent = connection.prepare(
      'DELETE FROM holdfast_spent_mail WHERE n = ? AND NOT EXISTS (SELECT 1 FROM holdfast_mail AS m WHERE m.mail = holdfast_spent_mail.mail)',
    );
    this.forgetSpent = connection.prepare('DELETE FROM holdfast_spent_mail WHERE n = ?');
  }

  /** The first of the events whose mailbox has no room. */
  full(events: readonly NewEvent[], now: number): EventId | null {
    const added = new Map<string, Set<string>>();
    for (const { id, name, session, mail } of events) {
      if (mail === undefined) continue;
      const box = [toStored(name), toStored(mail.key)];
      const mailId = mailIdOf(session, id);
      const more = added.get(JSON.stringify(box)) ?? new Set();
      if (more.has(mailId) || this.selectKnown.get([...box, mailId, now]) !== undefined) continue;
      if ((this.countBox.get([...box, now])?.count ?? 0) + more.size >= MAILBOX_CAPACITY) return id;
      added.set(JSON.stringify(box), more.add(mailId));
    }
    return null;
  }

  /** Keeps the event, once, and tells each execution that waits for it. `newest`: the number of the newest execution. */
  deliver({ id, name, session, mail }: NewEvent, now: number, newest: number): void {
    if (mail === undefined) return;
    const box = [toStored(name), toStored(mail.key)];
    const mailId = mailIdOf(session, id);
    const schemaHash = toStoredOrNull(mail.schemaHash);
    const payload = toStored(mail.payload);
    this.dropExpired.run([...box, now]);
    if (this.selectMail.get([...box, mailId]) !== undefined) return;
    this.insertMail.run([...box, mailId, toStored(id), now, newest, mail.until, schemaHash, payload]);
    const number = this.selectMail.get([...box, mailId])?.mail;
    if (number === undefined) throw new RangeError(`the database lost the event '${id}'`);
    const served = new Set<number>();
    for (const { wait, n, holder } of this.selectOpen.all([...box, now])) {
      if (served.has(n)) continue;
      served.add(n);
      this.give.run([number, schemaHash, payload, wait]);
      this.gates.tell(n, 'event', wait, holder, now);
    }
  }

  await(write: AwaitWrite, now: number): Verdict {
    const { lease, until, isOver } = write;
    const n = lease.key;
    const row = this.selectRow.get([n]);
    if (row?.status !== statusCode.running || row.fence !== lease.fence) return stale;
    const holder = toStored(write.holder);
    const box = [toStored(write.event), toStored(write.key)];
    const wait = this.selectWait.get([n, holder]);
    if (wait !== undefined && wait.mail !== null) return gotOf(wait);
    const except = write.except === null ? null : toStored(write.except);
    const next = this.next(n, box, until, except, now);
    if (next === undefined && isOver) {
      if (wait !== undefined) this.dropWait.run([wait.wait]);
      return nothing;
    }
    if (wait !== undefined) {
      if (next === undefined) this.prolong.run([until, wait.wait]);
      else this.give.run([next.mail, next.schema_hash, next.payload, wait.wait]);
    } else {
      this.gates.use(n);
      const { mail = null, schema_hash: schemaHash = null, payload = null } = next ?? {};
      this.insertWait.run([n, holder, ...box, until, except, mail, schemaHash, payload]);
    }
    return next === undefined ? nothing : gotOf(next);
  }

  /** The execution ended: it waits for nothing any more, and keeps what it got. */
  end(n: number): void {
    this.dropOpen.run([n]);
  }

  /** Its waits end, and what they had got is there for the others, or for the next one that asks. */
  withdraw(n: number, { holder, except }: Withdrawal, now: number): void {
    if (except === 'all') return;
    const named = toStored(holder);
    const kept = new Set(except.map(toStored));
    const boxes = new Map<string, GivenBack>();
    for (const { wait, holder: own, mail, event, key } of this.selectWithin.all([n, named, named, named])) {
      if (kept.has(own)) continue;
      this.dropWait.run([wait]);
      if (mail !== null) boxes.set(JSON.stringify([event, key]), { event, key });
    }
    for (const box of boxes.values()) this.serve(n, box, now);
  }

  /** Its next turn begins: it waits for nothing, and what it had got it does not get again. */
  turn(n: number): void {
    this.spend.run([n]);
    this.dropSpent.run([n]);
    this.dropAll.run([n]);
  }

  /** The execution is removed. */
  forget(n: number): void {
    this.dropAll.run([n]);
    this.forgetSpent.run([n]);
  }

  /** Gives the open waits of an execution what is there for them again. */
  private serve(n: number, { event, key }: GivenBack, now: number): void {
    for (const { wait, holder, until, except_id: except } of this.selectOwn.all([n, event, key])) {
      const next = this.next(n, [event, key], until, except, now);
      if (next === undefined) continue;
      this.give.run([next.mail, next.schema_hash, next.payload, wait]);
      this.gates.tell(n, 'event', wait, holder, now);
    }
  }

  private next(
    n: number,
    box: readonly string[],
    until: number | null,
    except: string | null,
    now: number,
  ): Letter | undefined {
    return this.selectNext.get([...box, n, now, until, until, except, n, ...box, n]);
  }
}

/** Of an event, within a mailbox: no session is unlike the session with the empty name. */
function mailIdOf(session: string | null, id: EventId): string {
  return toStored(JSON.stringify([session, id]));
}

function gotOf({
  schema_hash: hash,
  payload,
  mail,
}: Omit<Partial<Letter>, 'mail'> & { readonly mail: number | null }): Verdict {
  return {
    verdict: 'ok',
    mail: {
      payload: fromStored(payload ?? ''),
      schemaHash: fromStoredOrNull(hash ?? null),
      place: mail ?? 0,
    },
  };
}

const insertMail = `
INSERT INTO holdfast_mail (event, key, id, event_id, accepted_at, newest, until, schema_hash, payload)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`;

export const selectOpenWaits = `
SELECT wait, n, holder FROM holdfast_wait
WHERE event = ? AND key = ? AND mail IS NULL AND (until IS NULL OR until > ?) ORDER BY wait`;

/** The oldest that the execution may have and that none of its waits has got. */
export const selectNextMail = `
SELECT mail, schema_hash, payload FROM holdfast_mail
WHERE event = ? AND key = ? AND newest >= ? AND until > ? AND (? IS NULL OR accepted_at < ?) AND event_id IS NOT ?
  AND mail NOT IN (SELECT w.mail FROM holdfast_wait AS w WHERE w.n = ? AND w.event = ? AND w.key = ? AND w.mail IS NOT NULL)
  AND mail NOT IN (SELECT s.mail FROM holdfast_spent_mail AS s WHERE s.n = ?)
ORDER BY mail LIMIT 1`;
