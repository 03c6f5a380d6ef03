/**
 * The ceilings: W written by hand, as near to the store as it goes. No guards, no leases, no retries, no timeouts, no clean-up:
 * what the machine, the driver and the language leave to an engine.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { slowerCommits, slowerMicros } from './slower-commits.mjs';
import { eventOf, stepResult } from './workload.mjs';

/** A Map of JSON texts and a replay loop over it. `keep`: completed executions stay; else they are dropped. */
export function memoryCeiling(keep) {
  const storage = new AsyncLocalStorage();
  const executions = new Map();
  const step = (name, body) =>
    async function (...args) {
      const current = storage.getStore();
      const place = current.next++;
      const known = current.execution.steps[place];
      if (known !== undefined) return JSON.parse(known.result);
      const result = await body.apply(this, args);
      current.execution.steps[place] = { name, result: JSON.stringify(result) };
      return result;
    };
  class Orders {
    async handle(event) {
      await this.first(event.orderId);
      await this.second(event.orderId);
      return await this.third(event.orderId);
    }
  }
  Orders.prototype.first = step('first', async (orderId) => stepResult(orderId, 0));
  Orders.prototype.second = step('second', async (orderId) => stepResult(orderId, 1));
  Orders.prototype.third = step('third', async (orderId) => stepResult(orderId, 2));
  const orders = new Orders();
  return {
    durability: 'none',
    async one(i) {
      const id = randomUUID();
      const execution = {
        event: JSON.stringify(eventOf(i)),
        steps: [],
        status: 'running',
        result: undefined,
      };
      executions.set(id, execution);
      const result = await storage.run({ execution, next: 0 }, () =>
        orders.handle(JSON.parse(execution.event)),
      );
      execution.result = JSON.stringify(result);
      execution.status = 'done';
      if (!keep) executions.delete(id);
    },
    /** What is kept for ever has to fit: "for ever" is one round. */
    beforeRound() {
      executions.clear();
    },
    close() {},
  };
}

/** Group commit on integer keys by `node:sqlite`: four durable waits, the completion in the last checkpoint's transaction. */
export async function sqliteCeiling(folder, synchronous) {
  const { DatabaseSync } = await import('node:sqlite');
  const Database = slowerMicros > 0 ? slowerCommits(DatabaseSync) : DatabaseSync;
  const db = new Database(join(folder, 'ceiling.db'));
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}`);
  db.exec(`CREATE TABLE ex (id INTEGER PRIMARY KEY, name TEXT, event TEXT, status INTEGER, created INTEGER, done INTEGER);
    CREATE INDEX ex_open ON ex (created) WHERE status = 0;
    CREATE TABLE st (ex INTEGER, seq INTEGER, name TEXT, result TEXT, at INTEGER, PRIMARY KEY (ex, seq)) WITHOUT ROWID;`);
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  const insertExecution = db.prepare('INSERT INTO ex VALUES (?, ?, ?, 0, ?, NULL)');
  const insertStep = db.prepare('INSERT INTO st VALUES (?, ?, ?, ?, ?)');
  const finish = db.prepare('UPDATE ex SET status = 1, done = ? WHERE id = ?');
  const level = db.prepare('PRAGMA synchronous').get().synchronous;
  let queue = [];
  let scheduled = false;
  let lastId = 0;

  const flush = () => {
    scheduled = false;
    const group = queue;
    queue = [];
    const at = Date.now();
    begin.run();
    for (const item of group) {
      if (item.event !== undefined) insertExecution.run(item.id, 'handler', item.event, at);
      else {
        insertStep.run(item.id, item.step, item.name, item.result, at);
        if (item.isLast) finish.run(at, item.id);
      }
    }
    commit.run();
    for (const item of group) item.stored();
  };
  const put = (item) =>
    new Promise((resolve) => {
      item.stored = resolve;
      queue.push(item);
      if (scheduled) return;
      scheduled = true;
      setImmediate(flush);
    });

  return {
    durability: `WAL, PRAGMA synchronous reads ${level}`,
    async one(i) {
      const id = ++lastId;
      await put({ id, event: JSON.stringify(eventOf(i)) });
      for (let step = 0; step < 3; step++) {
        const result = await (async () => stepResult(i, step))();
        await put({
          id,
          step,
          name: `step${step}`,
          result: JSON.stringify(result),
          isLast: step === 2,
        });
      }
    },
    close() {
      db.close();
    },
  };
}
