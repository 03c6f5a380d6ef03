// The SQLite store alone against the raw limit of the same driver: W = publish (created leased), 3 checkpoints, completion.
//
//   node --import @swc-node/register/esm-register bench/store-sqlite.mjs [--pairs=15] [--ms=1000] [--c=1,16,64,256] [--sync=FULL,NORMAL]
//
// `raw` is hand-written group commit on integer keys with no guards, no ids and the completion in the last checkpoint's
// transaction (4 waits); `raw-5` is the same with the completion as a wait of its own, as the store has it. Store and limits run in
// turn, so that noise of the machine meets all; printed are the medians of the ratios and their quartiles.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sqliteStore } from '../lib/adapters/sqlite/sqlite-store.ts';
import { chooseDriver } from '../lib/adapters/sqlite/driver.ts';
import { systemClock } from '../lib/adapters/system/system-clock.ts';

const options = new Map(process.argv.slice(2).map((text) => text.replace(/^--/, '').split('=')));
const pairs = Number(options.get('pairs') ?? 15);
const ms = Number(options.get('ms') ?? 1000);
const list = (name, otherwise) => (options.get(name) ?? otherwise).split(',');
const quantile = (values, q) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(q * values.length))];

const eventOf = (i) => ({
  type: 'order.created',
  id: `evt-${i}`,
  orderId: i,
  customer: `customer-${i % 1000}`,
  total: 1234.5,
});
const stepResult = (i, s) => ({
  ok: true,
  step: s,
  item: `item-${i}`,
  amount: i * 7 + s,
  currency: 'EUR',
  note: 'a small result of a step....',
});

/** Time-ordered ids as long as a UUID; making real ones is not the store's work. */
let madeIds = 0;
const makeId = () => `0190d5e2-7b1c-7000-8000-${String(++madeIds).padStart(12, '0')}`;

const choice = await chooseDriver(undefined);

/** Gathers what came within one turn of the event loop. */
function group(flush) {
  let queue = [];
  let scheduled = false;
  return (item) =>
    new Promise((resolve, reject) => {
      queue.push({ item, resolve, reject });
      if (scheduled) return;
      scheduled = true;
      setImmediate(() => {
        scheduled = false;
        const taken = queue;
        queue = [];
        flush(taken);
      });
    });
}

async function rawLimit(folder, sync, waits) {
  const db = choice.connect(join(folder, 'raw.db'));
  db.exec('PRAGMA journal_mode = WAL');
  db.exec(`PRAGMA synchronous = ${sync}`);
  db.exec(`CREATE TABLE ex (id INTEGER PRIMARY KEY, name TEXT, event TEXT, status INTEGER, created INTEGER, done INTEGER);
    CREATE INDEX ex_open ON ex (created) WHERE status = 0;
    CREATE TABLE st (ex INTEGER, seq INTEGER, name TEXT, result TEXT, at INTEGER, PRIMARY KEY (ex, seq)) WITHOUT ROWID;`);
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  const insertExecution = db.prepare('INSERT INTO ex VALUES (?, ?, ?, 0, ?, NULL)');
  const insertStep = db.prepare('INSERT INTO st VALUES (?, ?, ?, ?, ?)');
  const finish = db.prepare('UPDATE ex SET status = 1, done = ? WHERE id = ?');
  const put = group((taken) => {
    const at = Date.now();
    begin.run([]);
    for (const { item } of taken) {
      if (item.event !== undefined) insertExecution.run([item.id, 'handler', item.event, at]);
      else if (item.result !== undefined) insertStep.run([item.id, item.step, item.name, item.result, at]);
      if (item.done) finish.run([at, item.id]);
    }
    commit.run([]);
    for (const { resolve } of taken) resolve();
  });
  let made = 0;
  return {
    async one(i) {
      const id = ++made;
      await put({ id, event: JSON.stringify(eventOf(i)) });
      for (let step = 0; step < 3; step++) {
        const value = await (async () => stepResult(i, step))();
        await put({
          id,
          step,
          name: `step${step}`,
          result: JSON.stringify(value),
          done: waits === 4 && step === 2,
        });
      }
      if (waits === 5) await put({ id, done: true });
    },
    close: async () => db.close(),
  };
}

async function holdfast(folder, sync) {
  const store = sqliteStore({ path: join(folder, 'holdfast.db'), synchronous: sync });
  await store.open({ clock: systemClock, random: { next: Math.random }, warn: console.warn });
  const owner = makeId();
  const definition = { id: 'order-worker.fulfil', fingerprint: 'f1' };
  await store.heartbeat({ id: owner, deployment: 'd1', role: 'both', definitions: [definition] }, 60_000);
  const put = group((taken) => {
    store.write(taken.map(({ item }) => item)).then(
      (verdicts) => taken.forEach(({ resolve }, i) => resolve(verdicts[i])),
      (error) => taken.forEach(({ reject }) => reject(error)),
    );
  });
  const must = (verdict) => {
    if (verdict.verdict !== 'ok') throw new Error(JSON.stringify(verdict));
    return verdict;
  };
  const change = {
    waitReason: null,
    timers: {},
    seenInboxSeq: 0,
    attempt: 1,
    epoch: 0,
    forget: [],
    error: null,
  };
  return {
    async one(i) {
      const eventId = makeId();
      const id = `${eventId}-0`;
      const executions = [
        {
          id,
          definition,
          input: JSON.stringify(eventOf(i)),
          schemaHash: null,
          lane: `d:${definition.id}`,
          priority: 0,
          depth: 0,
          dueAt: null,
          owner,
          gate: null,
          listening: ['cancel'],
        },
      ];
      const event = { id: eventId, name: 'order.created', session: null, dedup: null, executions };
      const published = must(await put({ kind: 'publish', events: [event] }));
      const lease = { executionId: id, key: published.executions[0].key, owner, fence: 1 };
      for (let step = 0; step < 3; step++) {
        const startedAt = Date.now();
        const value = await (async () => stepResult(i, step))();
        const path = `fulfil/step${step}~Zm9vYmFy`;
        const checkpoint = {
          key: path,
          path,
          kind: 'completed',
          seq: step + 1,
          turn: 0,
          epoch: 0,
          attempt: 1,
          value: JSON.stringify(value),
          error: null,
          wakeAt: null,
          startedAt,
          endedAt: Date.now(),
        };
        must(
          await put({
            kind: 'commit',
            lease,
            delta: {
              commitNo: step + 1,
              checkpoints: [checkpoint],
              record: null,
              publish: null,
              release: [],
            },
          }),
        );
      }
      const record = { ...change, status: 'completed', listening: ['retry'], value: '{"ok":true}' };
      must(
        await put({
          kind: 'commit',
          lease,
          delta: { commitNo: 4, checkpoints: [], record, publish: null, release: [] },
        }),
      );
    },
    close: () => store.close(),
  };
}

async function rate(make, c) {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
  const subject = await make(folder);
  let i = 0;
  const start = performance.now();
  const cpu = process.cpuUsage();
  const worker = async () => {
    while (performance.now() - start < ms) await subject.one(i++);
  };
  await Promise.all(Array.from({ length: c }, worker));
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  await subject.close();
  rmSync(folder, { recursive: true, force: true });
  return { perSecond: i / seconds, cpuUs: (user + system) / i };
}

console.log(`node ${process.version}, ${choice.name}, ${pairs} rounds of ${ms} ms`);
for (const sync of list('sync', 'FULL,NORMAL')) {
  for (const c of list('c', '1,16,64,256').map(Number)) {
    const subjects = {
      store: (f) => holdfast(f, sync),
      raw: (f) => rawLimit(f, sync, 4),
      'raw-5': (f) => rawLimit(f, sync, 5),
    };
    const rounds = [];
    for (let round = 0; round < pairs; round++) {
      const names = Object.keys(subjects);
      const measured = {};
      for (let k = 0; k < names.length; k++) {
        const name = names[(k + round) % names.length];
        measured[name] = await rate(subjects[name], c);
      }
      rounds.push(measured);
    }
    const line = (name) => {
      const ratios = rounds.map((round) => round.store.perSecond / round[name].perSecond);
      return `${name} ${quantile(ratios, 0.5).toFixed(2)} (${quantile(ratios, 0.25).toFixed(2)}–${quantile(ratios, 0.75).toFixed(2)})`;
    };
    const median = (name, field) =>
      quantile(
        rounds.map((round) => round[name][field]),
        0.5,
      );
    console.log(
      `${sync} c=${c}: store/${line('raw')}, store/${line('raw-5')}; ` +
        Object.keys(subjects)
          .map(
            (name) =>
              `${name} ${Math.round(median(name, 'perSecond'))}/s ${median(name, 'cpuUs').toFixed(1)} µs CPU`,
          )
          .join(', '),
    );
  }
}
