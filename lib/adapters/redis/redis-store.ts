import type { Checkpoint } from '../../model/checkpoint.js';
import { StoreUnavailableError } from '../../model/errors-store.js';
import type { DefinitionRef, ExecutionRecord, ExecutionStatus } from '../../model/execution.js';
import type { ExecutionId, ProcessId } from '../../model/ids.js';
import type * as port from '../../ports/store.js';
import type { StoredBatch, StoredInstance } from '../../ports/stored-instance.js';
import type { StoredSchedule } from '../../ports/stored-schedule.js';
import type { OpenPage, OpenRequest } from '../../ports/stored-session.js';
import type { StoredMessage, Verdict, Write } from '../../ports/store-write.js';
import {
  type ClaimedWire,
  decodeClaimed,
  decodeInbox,
  decodeJournal,
  decodeRecord,
  type RecordWire,
} from './decode-record.js';
import {
  decodeDefinitions,
  decodePaused,
  decodeSubscriptions,
  type DefinitionsWire,
} from './decode-declared.js';
import { decodeHeartbeat, decodeIds, type HeartbeatWire } from './decode-heartbeat.js';
import { decodeVerdicts, type AnswerWire } from './decode-verdict.js';
import { encodeClaim } from './encode-claim.js';
import { encodeWrites } from './encode-write.js';
import { listOf, type Listed } from './list-of.js';
import type { ScriptName } from './lua/scripts.js';
import { processFromText, processToText } from './process-text.js';
import { checkOptions, type RedisStoreOptions } from './redis-options.js';
import { RedisSession } from './redis-session.js';
import type { Reply } from './script-runner.js';
import { fromStored, toStored } from './stored-text.js';

/**
 * A store in Redis (6.2 or later) or Valkey, for any number of processes on any number of machines. The package ioredis must
 * be installed. What survives a crash of the server is for the server's settings to say: `docs/redis.md`.
 *
 * @example redisStore({ client: new Redis({ maxRetriesPerRequest: 1 }) })
 * @example redisStore({ url: 'redis://localhost:6379', prefix: 'shop', durability: 'always' })
 */
export function redisStore(options: RedisStoreOptions): RedisStore {
  checkOptions(options);
  return new RedisStore(options);
}

export class RedisStore implements port.Store {
  readonly group = { maxWrites: 500, maxBytes: 4 * 1024 * 1024 };
  readonly gather = 'macrotask';

  private readonly root: string;
  private opened = 0;
  private opening: Promise<RedisSession> | null = null;
  private session: RedisSession | null = null;
  private sentence = 'Redis (what survives what is known once the store is open)';
  private readonly listeners = new Set<(change: port.Change) => void>();

  constructor(private readonly options: RedisStoreOptions) {
    this.root = `{${options.prefix ?? 'holdfast'}}`;
  }

  get durability(): string {
    return this.sentence;
  }

  get aheadMs(): number | undefined {
    return this.options.time === 'app' ? undefined : (this.session?.clock.aheadMs ?? 0);
  }

  async open(context: port.StoreContext): Promise<void> {
    this.opened++;
    try {
      const { options, root, listeners } = this;
      const isShared = () => this.opened > 1;
      this.opening ??= RedisSession.open({ ...options, root, listeners, isShared }, context);
      const session = await this.opening;
      if (this.opened === 0) return;
      this.session = session;
      this.sentence = session.durability;
    } catch (error) {
      this.opened--;
      this.opening = null;
      throw error;
    }
  }

  async close(): Promise<void> {
    if (this.opened === 0 || --this.opened > 0) return;
    const { opening } = this;
    this.opening = null;
    this.session = null;
    await (await opening)?.close();
  }

  async write(writes: readonly Write[]): Promise<readonly Verdict[]> {
    const session = this.ready();
    const { t, v } = await session.write<{ v: readonly AnswerWire[]; b: number }>(
      'write',
      encodeWrites(writes),
    );
    return decodeVerdicts(v, writes, t);
  }

  async claim(request: port.ClaimRequest): Promise<port.ClaimAnswer> {
    const session = this.ready();
    session.watch.refuse();
    const { c, nx, mo } = await this.run<{ c: Listed<ClaimedWire>; nx?: number; mo?: boolean }>(
      request.ids === undefined && request.own === undefined ? 'claim' : 'claimThese',
      encodeClaim(request),
    );
    return {
      claimed: listOf(c).map((each) => decodeClaimed(each, request.owner)),
      nextAt: nx ?? null,
      more: mo === true,
    };
  }

  async read(id: ExecutionId): Promise<ExecutionRecord | null> {
    const { r } = await this.run<{ r?: RecordWire }>('read', { id: toStored(id) });
    return r === undefined ? null : decodeRecord(r);
  }

  async journal(id: ExecutionId): Promise<readonly Checkpoint[]> {
    const { j } = await this.run<{ j: Listed<string> }>('journal', { id: toStored(id) });
    return decodeJournal(j);
  }

  async inbox(id: ExecutionId, afterSeq: number, limit: number): Promise<readonly StoredMessage[]> {
    const asked = { id: toStored(id), af: afterSeq, li: limit };
    const { m } = await this.run<{ m: Listed<string> }>('inbox', asked);
    return decodeInbox(m, id);
  }

  async list(filter: port.ExecutionFilter): Promise<readonly ExecutionRecord[]> {
    const { status, worker, session, event, after, limit } = filter;
    const found: ExecutionRecord[] = [];
    let cursor: number | undefined;
    do {
      const slice: { r: Listed<RecordWire>; nx?: number } = await this.run('list', {
        st: status,
        wk: storedOf(worker),
        ss: storedOf(session),
        ev: storedOf(event),
        af: storedOf(after),
        fr: cursor,
        li: limit - found.length,
      });
      found.push(...listOf(slice.r).map(decodeRecord));
      cursor = slice.nx;
    } while (cursor !== undefined && found.length < limit);
    return found;
  }

  async counts(session?: string): Promise<readonly port.ExecutionCount[]> {
    const { c } = await this.run<{ c: Listed<readonly [string, ExecutionStatus, number]> }>('counts', {
      ss: storedOf(session),
    });
    return listOf(c).map(([definition, status, count]) => ({
      definition: fromStored(definition),
      status,
      count,
    }));
  }

  async openSessions(after: string | null, limit: number): Promise<readonly string[]> {
    const asked = { af: storedOf(after ?? undefined), li: limit };
    const { s } = await this.run<{ s: Listed<string> }>('openSessions', asked);
    return listOf(s).map(fromStored);
  }

  async openOf({ session, upTo, after, limit }: OpenRequest): Promise<OpenPage> {
    const asked = { ss: toStored(session), up: upTo ?? undefined, af: after, li: limit };
    const { x, up, nx, mo } = await this.run<{
      x: Listed<{ id: string; d: string }>;
      up: number;
      nx: number;
      mo?: boolean;
    }>('openOf', asked);
    return { executions: listOf(x).map(openOf), upTo: up, next: nx, more: mo === true };
  }

  async heartbeat(
    process: port.ProcessRecord,
    leaseMs: number,
    known?: string,
  ): Promise<port.HeartbeatAnswer> {
    const session = this.ready();
    session.knock();
    const asked = {
      id: toStored(process.id),
      ms: leaseMs,
      df: process.definitions.map(({ id }) => toStored(id)),
      mk: known,
    };
    const payload = [JSON.stringify(asked), processToText(process)];
    return decodeHeartbeat(await session.write<HeartbeatWire>('heartbeat', payload));
  }

  async leave(id: ProcessId): Promise<void> {
    await this.run('leave', { id: toStored(id) });
  }

  async signals(owner: ProcessId): Promise<readonly ExecutionId[]> {
    const { sg } = await this.run<{ sg: Listed<string> }>('signals', { id: toStored(owner) });
    return decodeIds(sg);
  }

  async processes(): Promise<readonly port.ProcessRecord[]> {
    const { p } = await this.run<{ p: Listed<string> }>('processes', {});
    return listOf(p).map(processFromText);
  }

  async definitions(): Promise<readonly DefinitionRef[]> {
    return decodeDefinitions(await this.run<DefinitionsWire>('definitions', {}));
  }

  async subscribe(subscriptions: readonly port.Subscription[]): Promise<void> {
    const given = subscriptions.map((each) => ({
      ev: toStored(each.event),
      d: toStored(each.definition.id),
      f: toStored(each.definition.fingerprint),
      x: JSON.stringify(each),
    }));
    if (given.length > 0) await this.run('subscribe', ...given);
  }

  async subscriptions(): Promise<readonly port.Subscription[]> {
    const { s } = await this.run<{ s: Listed<string> }>('subscriptions', {});
    return decodeSubscriptions(s);
  }

  async declareGraphs(graphs: readonly port.StoredGraph[]): Promise<void> {
    const given = graphs.map(({ worker, fingerprint, graph }) => ({
      w: toStored(worker),
      f: toStored(fingerprint),
      x: toStored(graph),
    }));
    if (given.length > 0) await this.run('declareGraphs', ...given);
  }

  async graphs(worker: string): Promise<readonly port.KeptGraph[]> {
    const { g } = await this.run<{ g: Listed<{ f: string; x: string; a: number; b: number }> }>('graphs', {
      w: toStored(worker),
    });
    return listOf(g).map(({ f, x, a, b }) => ({
      worker,
      fingerprint: fromStored(f),
      graph: fromStored(x),
      firstDeclaredAt: a,
      declaredAt: b,
    }));
  }

  async setPaused(definitions: readonly string[], paused: boolean): Promise<void> {
    await this.run('setPaused', { d: definitions.map(toStored), on: paused ? true : undefined });
  }

  async paused(): Promise<readonly string[]> {
    const { d } = await this.run<{ d: Listed<string> }>('paused', {});
    return decodePaused(d);
  }

  async schedules(): Promise<readonly StoredSchedule[]> {
    const { s } = await this.run<{ s: Listed<{ id: string; v: string; s: string }> }>('schedules', {});
    return listOf(s).map((each) => ({
      id: fromStored(each.id),
      version: fromStored(each.v),
      state: fromStored(each.s),
    }));
  }

  async instance(id: string): Promise<StoredInstance | null> {
    const { v, s, ah } = await this.run<{
      v?: string;
      s?: string;
      ah?: { x: string; d: string; du: number };
    }>('instance', { id: toStored(id) });
    if (v === undefined || s === undefined) return null;
    const ahead =
      ah === undefined
        ? null
        : { executionId: fromStored(ah.x) as ExecutionId, definition: fromStored(ah.d), dueAt: ah.du };
    return { id, version: fromStored(v), state: fromStored(s), ahead };
  }

  async batch(name: string): Promise<StoredBatch | null> {
    const { x, op, c, oa, du } = await this.run<{
      x?: string;
      op?: boolean;
      c: number;
      oa: number;
      du: number;
    }>('batch', { n: toStored(name) });
    if (x === undefined) return null;
    return {
      executionId: fromStored(x) as ExecutionId,
      isOpen: op === true,
      count: c,
      openedAt: oa,
      dueAt: du,
    };
  }

  async prune({ completedBefore, failedBefore, limit }: port.PruneRequest): Promise<port.PruneAnswer> {
    const asked = { cb: completedBefore, fb: failedBefore, li: limit };
    const { n, mo } = await this.run<{ n: number; mo?: boolean }>('prune', asked);
    return { removed: n, more: mo === true };
  }

  onChange(listener: (change: port.Change) => void): () => void {
    const own = (change: port.Change) => listener(change);
    this.listeners.add(own);
    return () => this.listeners.delete(own);
  }

  private run<Answer>(name: ScriptName, ...payload: readonly object[]): Promise<Answer & Reply> {
    return this.ready().runner.run<Answer>(
      name,
      payload.map((each) => JSON.stringify(each)),
    );
  }

  private ready(): RedisSession {
    if (this.session === null)
      throw new StoreUnavailableError('the Redis store is not open: call open() first');
    return this.session;
  }
}

function openOf({ id, d }: { readonly id: string; readonly d: string }): OpenPage['executions'][number] {
  return { id: fromStored(id) as ExecutionId, definition: fromStored(d) };
}

/** Undefined, which JSON leaves out, for what was not asked. */
function storedOf(text: string | undefined): string | undefined {
  return text === undefined ? undefined : toStored(text);
}
