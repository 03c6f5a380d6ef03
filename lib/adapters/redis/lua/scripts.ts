import { CLAIM_THESE, CLAIMS } from './claims.js';
import { CORE } from './core.js';
import { DEDUP } from './dedup.js';
import { EXECUTIONS } from './executions.js';
import { FAMILIES } from './families.js';
import { GATES } from './gates.js';
import { HEAD, NOW } from './head.js';
import { INBOX } from './inbox.js';
import { LEDGER } from './ledger.js';
import { MAILBOXES } from './mailboxes.js';
import * as operations from './operations.js';
import { REGISTRY } from './registry.js';
import { WORK } from './work.js';
import { writeGroup } from './write-group.js';
import { WRITES } from './writes.js';

/** Functions that fill the tables of that name, made when one of them is called for the first time. */
function part(holders: string, source: string): string {
  return `lazily({ ${holders} }, function()\n${source}\nend)`;
}

const parts = {
  inbox: part('inbox', INBOX),
  work: part('W', WORK),
  gates: part('G', GATES),
  mailboxes: part('mail', MAILBOXES),
  families: part('family, batch', FAMILIES),
  executions: part('E', EXECUTIONS),
  dedup: part('dedup', DEDUP),
  writes: part('apply, instance', WRITES),
};
const { writes, ...engineParts } = parts;
const engine = [CORE, ...Object.values(engineParts)].join('\n');
const whole = `${engine}\n${writes}`;
/** The registry adds to what holds the functions of work. */
const registry = part('W', `${WORK}\n${REGISTRY}`);
const readings = [CORE, parts.inbox, registry].join('\n');
const upkeep = [engine, registry].join('\n');

function script(...sources: readonly string[]): string {
  return [HEAD, NOW, LEDGER, 'return (function()', ...sources, 'end)()'].join('\n');
}

/** The script of each operation of the store, as it is sent to the server. */
export const scripts = Object.freeze({
  write: HEAD + writeGroup(NOW + LEDGER, whole),
  claim: script(upkeep, CLAIMS),
  claimThese: script(engine, CLAIM_THESE),
  read: script(CORE, parts.dedup, operations.READ),
  journal: script(CORE, operations.JOURNAL),
  inbox: script(CORE, operations.INBOX_PAGE),
  list: script(CORE, operations.LIST),
  counts: script(CORE, operations.COUNTS),
  openSessions: script(CORE, operations.OPEN_SESSIONS),
  openOf: script(CORE, operations.OPEN_OF),
  heartbeat: script(readings, operations.HEARTBEAT),
  leave: script(readings, operations.LEAVE),
  signals: script(readings, operations.SIGNALS),
  processes: script(readings, operations.PROCESSES),
  definitions: script(readings, operations.DEFINITIONS),
  subscribe: script(CORE, operations.SUBSCRIBE),
  subscriptions: script(CORE, operations.SUBSCRIPTIONS),
  declareGraphs: script(CORE, operations.DECLARE_GRAPHS),
  graphs: script(CORE, operations.GRAPHS),
  setPaused: script(CORE, operations.SET_PAUSED),
  paused: script(CORE, operations.PAUSED),
  schedules: script(CORE, operations.SCHEDULES),
  instance: script(whole, operations.INSTANCE),
  batch: script(CORE, operations.BATCH),
  prune: script(upkeep, operations.PRUNE),
});

export type ScriptName = keyof typeof scripts;
