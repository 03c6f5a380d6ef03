import type { Checkpoint } from '../../model/checkpoint.js';
import type { Timers } from '../../model/execution.js';
import { isHandBack } from '../../ports/is-hand-back.js';
import type {
  Collect,
  CommitWrite,
  Delta,
  Gate,
  InstanceChange,
  NewEvent,
  NewExecution,
  NewMail,
  Parent,
  PublishWrite,
  RecordChange,
  Withdrawal,
  Write,
} from '../../ports/store-write.js';
import { checkpointToText, fieldOf } from './checkpoint-text.js';
import { storedOrAbsent, toStored } from './stored-text.js';

/** What `JSON.stringify` writes: properties that are undefined are left out, and nothing is null. */
type Wire = Readonly<Record<string, unknown>>;

/** Writes as the script `write` takes them. */
export function encodeWrites(writes: readonly Write[]): string[] {
  const args: string[] = [];
  for (const write of writes) if (!pushPlain(write, args)) args.push(JSON.stringify(wireOf(write)));
  return args;
}

function pushPlain(write: Write, args: string[]): boolean {
  if (write.kind === 'commit') return pushRow(write, args) || pushEnd(write, args);
  return write.kind === 'publish' && pushNew(write, args);
}

/** Adds an event that starts one execution, leased at once, and does nothing else. */
function pushNew({ events }: PublishWrite, args: string[]): boolean {
  const [given] = events;
  if (given === undefined || events.length > 1) return false;
  const { executions, session, dedup, mail } = given;
  const [first] = executions;
  if (first === undefined || executions.length > 1 || !isPlainStart(first)) return false;
  if (session !== null || dedup !== null || mail !== undefined || first.owner === null) return false;
  const id = toStored(first.id);
  const owner = toStored(first.owner);
  const definition = toStored(first.definition.id);
  const fingerprint = toStored(first.definition.fingerprint);
  const record = {
    id,
    d: definition,
    f: fingerprint,
    ev: toStored(given.id),
    en: toStored(given.name),
    sh: storedOrAbsent(first.schemaHash),
    ln: toStored(first.lane),
    pr: first.priority,
    dp: first.depth,
    ls: first.listening.join(','),
    ow: owner,
  };
  args.push('new', id, definition, fingerprint, owner, JSON.stringify(record), toStored(first.input));
  return true;
}

function isPlainStart({ dueAt, gate: given, parent: waiting, collect: batch }: NewExecution): boolean {
  return dueAt === null && given === null && waiting === undefined && batch === undefined;
}

/** Adds a commit of one row and nothing else, most of what is ever written, in a form that needs no parser. */
function pushRow({ lease, delta }: CommitWrite, args: string[]): boolean {
  const row = loneRow(delta);
  if (row === null) return false;
  const { executionId, fence } = lease;
  args.push('row', toStored(executionId), String(fence), String(delta.commitNo));
  args.push(fieldOf(row), checkpointToText(row));
  return true;
}

/** Adds a commit that only ends its execution. */
function pushEnd({ lease, delta }: CommitWrite, args: string[]): boolean {
  const { record, checkpoints, commitNo } = delta;
  if (record === null || checkpoints.length > 0 || !isBare(delta) || !isPlainEnd(record)) return false;
  const change = JSON.stringify(recordChange(record));
  args.push('end', toStored(lease.executionId), String(lease.fence), String(commitNo), record.status, change);
  return true;
}

function isPlainEnd({
  status,
  waitReason,
  timers,
  forget,
  next,
  gate: newGate,
  definition,
}: RecordChange): boolean {
  if (status !== 'completed' && status !== 'failed') return false;
  const keeps =
    next === undefined && newGate === undefined && definition === undefined && waitReason === null;
  return keeps && forget.length === 0 && Object.keys(timers).length === 0;
}

/** Nothing but rows and a change of the record. */
function isBare({ publish, release, withdraw, instance: change }: Delta): boolean {
  const isAlone = publish === null && release.length === 0 && change === undefined;
  return isAlone && (withdraw === undefined || withdraw.length === 0);
}

/** The one row that a delta is made of; null when there is more in it. */
function loneRow(delta: Delta): Checkpoint | null {
  const { checkpoints, record } = delta;
  return record === null && checkpoints.length === 1 && isBare(delta) ? (checkpoints[0] ?? null) : null;
}

function wireOf(write: Write): Wire {
  switch (write.kind) {
    case 'commit':
      return commit(write);
    case 'publish':
      return { k: 'p', e: write.events.map(event) };
    case 'append': {
      const { id, to, kind, body } = write.message;
      return { k: 'a', id: toStored(id), to: toStored(to), kd: kind, b: storedOrAbsent(body) };
    }
    case 'acquire': {
      const { lease, holder } = write;
      return {
        k: 'q',
        id: toStored(lease.executionId),
        fe: lease.fence,
        h: toStored(holder),
        g: gate(write.gate),
      };
    }
    case 'reserve':
      return { k: 'r', b: toStored(write.bucket), l: write.limit, p: write.perMs };
    case 'schedule':
      return {
        k: 's',
        id: toStored(write.id),
        ex: storedOrAbsent(write.expected),
        v: toStored(write.version),
        s: storedOrAbsent(write.state),
        e: write.event === null ? undefined : event(write.event),
      };
    case 'await':
      return {
        k: 'w',
        id: toStored(write.lease.executionId),
        fe: write.lease.fence,
        h: toStored(write.holder),
        en: toStored(write.event),
        y: toStored(write.key),
        x: storedOrAbsent(write.except),
        u: write.until ?? undefined,
        o: orAbsent(write.isOver),
      };
    case 'instance':
      return {
        k: 'i',
        c: instance(write.change),
        e: write.event === null ? undefined : event(write.event),
        g: storedOrAbsent(write.cancels),
      };
  }
}

function commit({ lease, delta }: CommitWrite): Wire {
  const { checkpoints, record, publish, release, withdraw } = delta;
  return {
    k: 'c',
    id: toStored(lease.executionId),
    fe: lease.fence,
    no: delta.commitNo,
    c: checkpoints.length === 0 ? undefined : rows(checkpoints),
    r: record === null ? undefined : recordChange(record),
    p: publish === null ? undefined : publish.events.map(event),
    re: texts(release),
    wd: withdraw === undefined || withdraw.length === 0 ? undefined : withdraw.map(withdrawal),
    hb: orAbsent(isHandBack(delta)),
    in: delta.instance === undefined ? undefined : instance(delta.instance),
  };
}

function rows(checkpoints: Delta['checkpoints']): readonly (readonly [field: string, row: string])[] {
  return checkpoints.map((row) => [fieldOf(row), checkpointToText(row)] as const);
}

function recordChange(change: RecordChange): Wire {
  const { definition, next } = change;
  return {
    st: change.status,
    wr: change.waitReason ?? undefined,
    ti: timers(change.timers),
    ls: change.listening.join(','),
    se: change.seenInboxSeq,
    at: change.attempt,
    ep: change.epoch,
    fo: texts(change.forget),
    va: storedOrAbsent(change.value),
    er: storedOrAbsent(change.error),
    ho: change.holds === undefined ? undefined : texts(change.holds),
    g: change.gate === undefined ? undefined : gate(change.gate),
    nx:
      next === undefined
        ? undefined
        : { en: toStored(next.event), i: toStored(next.input), s: storedOrAbsent(next.schemaHash) },
    d: definition === undefined ? undefined : toStored(definition.id),
    f: definition === undefined ? undefined : toStored(definition.fingerprint),
  };
}

function event(given: NewEvent): Wire {
  const { dedup, executions, mail } = given;
  return {
    id: toStored(given.id),
    nm: toStored(given.name),
    ss: storedOrAbsent(given.session),
    h: dedup === null ? undefined : toStored(dedup.hash),
    u: dedup === null ? undefined : dedup.until,
    x: executions.length === 0 ? undefined : executions.map(execution),
    m: mail === undefined ? undefined : letter(mail),
  };
}

function execution(given: NewExecution): Wire {
  return {
    id: toStored(given.id),
    d: toStored(given.definition.id),
    f: toStored(given.definition.fingerprint),
    i: toStored(given.input),
    s: storedOrAbsent(given.schemaHash),
    l: toStored(given.lane),
    p: given.priority,
    dp: given.depth,
    du: given.dueAt ?? undefined,
    ow: storedOrAbsent(given.owner),
    g: given.gate === null ? undefined : gate(given.gate),
    ls: given.listening.join(','),
    pa: given.parent === undefined ? undefined : parent(given.parent),
    co: given.collect === undefined ? undefined : collect(given.collect),
  };
}

function letter({ key, until, payload, schemaHash }: NewMail): Wire {
  return { y: toStored(key), u: until, p: toStored(payload), s: storedOrAbsent(schemaHash) };
}

function parent({ executionId, holder }: Parent): Wire {
  return { id: toStored(executionId), h: toStored(holder) };
}

function collect({ name, flushAfterMs, slides, maxWaitMs, most, item }: Collect): Wire {
  return {
    n: toStored(name),
    fa: flushAfterMs,
    sl: orAbsent(slides),
    mw: maxWaitMs ?? undefined,
    mo: most,
    it: toStored(item),
  };
}

function gate({ name, limit, untilEnd }: Gate): Wire {
  return { n: toStored(name), l: limit, u: orAbsent(untilEnd ?? false) };
}

function withdrawal({ holder, except }: Withdrawal): Wire {
  return { h: toStored(holder), x: except === 'all' ? 'all' : except.map(toStored) };
}

function instance({ id, expected, version, state, ahead }: InstanceChange): Wire {
  return {
    id: toStored(id),
    ex: storedOrAbsent(expected),
    v: toStored(version),
    s: storedOrAbsent(state),
    ah: ahead === undefined ? undefined : ahead === null ? false : event(ahead),
  };
}

/** Names come from outside: none of them may become a property of something else. */
function timers(given: Timers): Wire | undefined {
  const pairs = Object.entries(given);
  return pairs.length === 0 ? undefined : Object.fromEntries(pairs.map(([name, at]) => [toStored(name), at]));
}

function texts(given: readonly string[]): readonly string[] | undefined {
  return given.length === 0 ? undefined : given.map(toStored);
}

function orAbsent(flag: boolean): true | undefined {
  return flag ? true : undefined;
}
