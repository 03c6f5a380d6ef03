/**
 * The same by hand on `node:sqlite` with group commit: a message waits twice (accepted, handled), an event that is collected
 * once, an alarm once. No guards, no versions, no retries, no clean-up.
 */
import { join } from 'node:path';

async function database(folder, synchronous, schema) {
  const { DatabaseSync } = await import('node:sqlite');
  const db = new DatabaseSync(join(folder, 'ceiling.db'));
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}; ${schema}`);
  const [begin, commit] = [db.prepare('BEGIN IMMEDIATE'), db.prepare('COMMIT')];
  const level = db.prepare('PRAGMA synchronous').get().synchronous;
  let queue = [];
  const flush = () => {
    const group = queue;
    queue = [];
    begin.run();
    for (const item of group) item.value = item.work();
    commit.run();
    for (const { stored, value } of group) stored(value);
  };
  return {
    db,
    durability: `WAL, PRAGMA synchronous reads ${level}`,
    /** Does that within the next transaction; resolves when it is stored. */
    put: (work) =>
      new Promise((stored) => {
        if (queue.push({ work, stored }) === 1) setImmediate(flush);
      }),
    close: () => db.close(),
  };
}

/** Messages of one actor one after another, each on the state that the one before has left. */
export async function messagesCeiling(folder, synchronous, actors) {
  const { db, put, close, durability } = await database(
    folder,
    synchronous,
    `CREATE TABLE actor (id TEXT PRIMARY KEY, state TEXT, version INTEGER) WITHOUT ROWID;
     CREATE TABLE message (seq INTEGER PRIMARY KEY, actor TEXT, event TEXT, status INTEGER);`,
  );
  const read = db.prepare('SELECT state FROM actor WHERE id = ?');
  const write = db.prepare(
    'INSERT INTO actor VALUES (?, ?, 1) ON CONFLICT (id) DO UPDATE SET state = excluded.state, version = version + 1',
  );
  const insert = db.prepare('INSERT INTO message VALUES (?, ?, ?, 0)');
  const acknowledge = db.prepare('UPDATE message SET status = 1 WHERE seq = ?');
  const turns = new Map();
  let last = 0;
  async function turn(id, seq, event) {
    const state = read.get(id)?.state;
    const total = (state === undefined ? 0 : JSON.parse(state).total) + JSON.parse(event).by;
    await put(() => {
      write.run(id, JSON.stringify({ total }));
      acknowledge.run(seq);
    });
  }
  return {
    durability,
    async one(i) {
      const id = `actor-${i % actors}`;
      const event = JSON.stringify({ id, by: i });
      const seq = ++last;
      await put(() => insert.run(seq, id, event));
      const before = turns.get(id) ?? Promise.resolve();
      const own = before.then(() => turn(id, seq, event));
      turns.set(id, own);
      await own;
      if (turns.get(id) === own) turns.delete(id);
    },
    close,
  };
}

/** An event is a row, and counts in the row of its batch; the hundredth hands the batch over. */
export async function addsCeiling(folder, synchronous, keys) {
  const { db, put, close, durability } = await database(
    folder,
    synchronous,
    `CREATE TABLE batch (id TEXT PRIMARY KEY, count INTEGER, due INTEGER) WITHOUT ROWID;
     CREATE TABLE item (seq INTEGER PRIMARY KEY, batch TEXT, event TEXT);
     CREATE INDEX item_batch ON item (batch);`,
  );
  const open = db.prepare(
    'INSERT INTO batch VALUES (?, 1, ?) ON CONFLICT (id) DO UPDATE SET count = count + 1 RETURNING count, due',
  );
  const insert = db.prepare('INSERT INTO item VALUES (?, ?, ?)');
  const items = db.prepare('SELECT event FROM item WHERE batch = ?');
  const [dropItems, dropBatch] = ['DELETE FROM item WHERE batch = ?', 'DELETE FROM batch WHERE id = ?'].map(
    (sql) => db.prepare(sql),
  );
  let last = 0;
  return {
    durability,
    async one(i) {
      const id = `key-${i % keys}`;
      const event = JSON.stringify({ id, by: i });
      const seq = ++last;
      await put(() => {
        insert.run(seq, id, event);
        const { count } = open.get(id, Date.now() + 60_000);
        if (count < 100) return;
        items.all(id).map((each) => JSON.parse(each.event));
        dropItems.run(id);
        dropBatch.run(id);
      });
    },
    close,
  };
}

/** Fires what is due, so many in a transaction: alarms per second. */
export async function alarmsCeiling(folder, synchronous, count, atOnce) {
  const { db, put, close } = await database(
    folder,
    synchronous,
    'CREATE TABLE actor (id INTEGER PRIMARY KEY, state TEXT, due INTEGER); CREATE INDEX actor_due ON actor (due) WHERE due IS NOT NULL;',
  );
  const insert = db.prepare('INSERT INTO actor VALUES (?, ?, ?)');
  await put(() => {
    for (let id = 0; id < count; id++) insert.run(id, JSON.stringify({ at: 1 }), 1);
  });
  const due = db.prepare('SELECT id, state FROM actor WHERE due <= ? ORDER BY due LIMIT ?');
  const write = db.prepare('UPDATE actor SET state = ?, due = NULL WHERE id = ?');
  const begun = performance.now();
  for (;;) {
    const rows = due.all(Date.now(), atOnce);
    if (rows.length === 0) break;
    await put(() => {
      for (const { id, state } of rows) write.run(JSON.stringify({ at: JSON.parse(state).at - 1 }), id);
    });
  }
  const perSecond = (count * 1_000) / (performance.now() - begun);
  close();
  return perSecond;
}
