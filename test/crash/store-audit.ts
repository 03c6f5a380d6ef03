import { join } from 'node:path';
import { bootstrap, silentLogger, STORE, type ExecutionRecord, type WorkerApp } from 'holdfast';
import { parseActorRecord } from '../../lib/model/actor-record.js';
import type { ActorEnd } from './check-time.js';
import { chooseDriver } from '../../lib/adapters/sqlite/driver.js';
import { storeOf } from './world.js';

/** Reads a store from outside, as an operator does: nothing runs here. */
export async function openAudit(folder: string): Promise<WorkerApp> {
  return bootstrap({ role: 'publisher', store: storeOf(folder, 'direct'), logger: silentLogger });
}

export async function allExecutions(audit: WorkerApp): Promise<readonly ExecutionRecord[]> {
  const store = audit.get(STORE);
  const all: ExecutionRecord[] = [];
  for (;;) {
    const after = all.at(-1)?.id;
    const page = await store.list({ limit: 1_000, ...(after === undefined ? null : { after }) });
    all.push(...page);
    if (page.length < 1_000) return all;
  }
}

/** How many have not ended, but for those of that worker. */
export async function openExecutions(audit: WorkerApp, except: string): Promise<number> {
  const { pending, running, waiting, byWorker } = await audit.stats();
  const others = byWorker[except];
  const left = others === undefined ? 0 : others.pending + others.running + others.waiting;
  return pending + running + waiting - left;
}

/** What the actors of the torture know. */
export async function actorEnds(audit: WorkerApp): Promise<readonly ActorEnd[]> {
  const ends: ActorEnd[] = [];
  for (const key of ['k0', 'k1', 'k2']) {
    const name = `actor:torture-actor:${key}`;
    const found = await audit.get(STORE).instance(name);
    const { state = null } = found === null ? {} : parseActorRecord(found.state);
    if (state !== null) ends.push({ name, ...(JSON.parse(state) as Pick<ActorEnd, 'applied'>) });
  }
  return ends;
}

/** What SQLite itself says of the file: `ok`. */
export async function integrityOf(folder: string, file = 'torture.db'): Promise<unknown> {
  const driver = await chooseDriver(undefined);
  const connection = driver.connect(join(folder, file));
  try {
    return Object.values(connection.prepare('PRAGMA integrity_check').get([]) ?? {})[0];
  } finally {
    connection.close();
  }
}
