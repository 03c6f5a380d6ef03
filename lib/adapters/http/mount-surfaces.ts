import { isFinal } from '../../model/decide-retry.js';
import type { Hint } from '../../model/hint.js';
import type { Limits } from '../../model/limits.js';
import type { Clock } from '../../ports/clock.js';
import { type Answer, jsonAnswer, refusalAnswer, refusalOf } from './answer.js';
import { hintsIn } from './hint-body.js';
import { type ClientRate, ClientRates } from './client-rates.js';
import { inTime } from './in-time.js';
import type { Inbound } from './inbound.js';
import { eventIn } from './event-body.js';
import { parseBody } from './parse-body.js';
import { Refusal } from './refusal.js';
import { RecentIds } from './recent-ids.js';
import { senderAt } from './remote-address.js';
import { RefusalCounts } from './refusal-counts.js';
import { type Claim, claimOf, type NotAuthorized, type Surface, verify } from './signature.js';
import { toldViolations } from './told-violations.js';

/** How long a guard may take. */
const GUARD_MS = 10_000;

/** An execution that an event has started. */
export interface StartedExecution {
  readonly id: string;
  readonly worker: string | null;
  readonly handler: string | null;
}

/** How it ended. */
export type EndedExecution = StartedExecution &
  (
    | { readonly success: true; readonly value: unknown }
    | { readonly success: false; readonly error: unknown }
  );

/** An event that is stored. */
export interface AcceptedEvent {
  readonly executions: readonly StartedExecution[];
  /** How all of them ended; waits for that long, or not at all. Null: they have not ended by then. */
  ended(timeoutMs: number | null): Promise<readonly EndedExecution[] | null>;
}

/** The app behind a mount. */
export interface MountHost {
  readonly clock: Clock;
  readonly limits: () => Pick<Limits, 'depth' | 'keys'>;
  /** `open`: it publishes and runs nothing. */
  readonly phase: () => 'open' | 'started' | 'closed';
  /** Resolves once the event is stored. */
  readonly publish: (event: string, data: unknown, id: string | null) => Promise<AcceptedEvent>;
  readonly hint: (hints: readonly Hint[]) => void | Promise<void>;
  /** Runs for a while what is due; null: the host runs by itself. */
  readonly process: (() => Promise<unknown>) | null;
  /** Something went wrong that the caller is not told of. */
  readonly fault: (task: string, error: unknown) => void;
  /** Requests were not let in: the first, and then how many more in each minute. */
  readonly refused: (surface: Surface, reason: NotAuthorized, count: number) => void;
  /** Something that the operators should change. */
  readonly warn: (message: string) => void;
}

/** What a mount was told to be. */
export interface MountRules {
  readonly path: string;
  readonly keys: readonly string[];
  readonly toleranceMs: number;
  readonly guard: ((request: Request) => boolean | Promise<boolean>) | null;
  readonly insecure: boolean;
  /** How long an answer waits for the executions to end; null: it does not. */
  readonly syncMs: number | null;
  readonly bodyBytes: number;
  readonly bodyTimeoutMs: number;
  /** Requests under way at the same time. */
  readonly requests: number;
  /** Of each client; null: not limited. */
  readonly rate: ClientRate | null;
}

/** Who vouches for a request; the signature, if there is one, is checked once the body is there. */
interface Admission {
  readonly claim: Claim | null;
}

/** Takes requests of both surfaces. Nothing is given to the app before everything about a request was checked. */
export class MountSurfaces {
  private underway = 0;
  private readonly recent: RecentIds;
  private readonly rates: ClientRates | null;
  private readonly refusals = new RefusalCounts();
  private hasWarned = false;

  constructor(
    private readonly host: MountHost,
    private readonly rules: MountRules,
  ) {
    this.recent = new RecentIds(2 * rules.toleranceMs);
    this.rates = rules.rate === null ? null : new ClientRates(rules.rate);
  }

  /** The surface that lives at that path, below the mount's own; null: none. */
  surfaceAt(path: string): Surface | null {
    let end = path.length;
    while (end > 0 && path.charAt(end - 1) === '/') end--;
    const bare = path.slice(0, end);
    if (bare === this.rules.path) return 'events';
    return bare === `${this.rules.path}/hints` ? 'hints' : null;
  }

  /** Never rejects. */
  async answer(inbound: Inbound, surface: Surface | null): Promise<Answer> {
    try {
      return await this.taken(inbound, surface);
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal === null || refusal.code === 'STORE_UNAVAILABLE') this.host.fault('serve a request', error);
      return refusalAnswer(refusal ?? new Refusal('UNAVAILABLE'));
    }
  }

  private async taken(inbound: Inbound, surface: Surface | null): Promise<Answer> {
    if (surface === null || (surface === 'hints' && !this.takesHints())) throw new Refusal('NOT_FOUND');
    if (inbound.method !== 'POST') throw new Refusal('METHOD_NOT_ALLOWED');
    if (this.host.phase() === 'closed') throw new Refusal('APP_CLOSED');
    this.countClient(inbound);
    if (this.underway >= this.rules.requests) throw new Refusal('TOO_MANY_REQUESTS');
    this.underway++;
    try {
      const admission = await this.admit(inbound, surface);
      assertJson(inbound);
      const bytes = await this.read(inbound);
      if (admission.claim !== null && !verify(this.rules.keys, admission.claim, surface, bytes))
        throw this.notAuthorized(surface, 'wrong-signature');
      const body = parseBody(bytes, this.host.limits());
      return surface === 'hints'
        ? await this.takeHints(body, admission)
        : await this.takeEvent(body, admission);
    } finally {
      this.underway--;
    }
  }

  /** Counted whatever becomes of the request: what is refused costs something, too. */
  private countClient(inbound: Inbound): void {
    if (this.rates === null) return;
    const waitMs = this.rates.take(this.clientOf(inbound), this.host.clock.monotonic());
    if (waitMs > 0) throw new Refusal('RATE_LIMITED', null, null, waitMs);
  }

  /** Requests of which nothing tells the client count as those of one. */
  private clientOf(inbound: Inbound): string {
    const by = this.rules.rate?.by ?? null;
    if (by !== null) {
      const client: unknown = by(inbound.guarded());
      return typeof client === 'string' ? client : '';
    }
    if (inbound.address !== null) return senderAt(inbound.address);
    if (!this.hasWarned)
      this.host.warn(
        `the mount at ${this.rules.path} cannot tell clients apart: its rateLimit holds for all of them together. Write rateLimit: { by: (request) => … }`,
      );
    this.hasWarned = true;
    return '';
  }

  /** An app that has no keys is told hints on loopback only. */
  private takesHints(): boolean {
    return this.rules.keys.length > 0 || this.rules.insecure;
  }

  /** What can be said without the body. A guard that fails lets nobody in. */
  private async admit(inbound: Inbound, surface: Surface): Promise<Admission> {
    const { guard, keys, toleranceMs } = this.rules;
    if (surface === 'events' && guard !== null) {
      if ((await this.ask(guard, inbound)) !== true) throw this.notAuthorized(surface, 'guard');
      return { claim: null };
    }
    if (keys.length === 0) {
      if (!inbound.isFromHere) throw this.notAuthorized(surface, 'not-local');
      return { claim: null };
    }
    const claim = claimOf((name) => inbound.header(name), this.host.clock.now(), toleranceMs);
    if (typeof claim === 'string') throw this.notAuthorized(surface, claim);
    return { claim };
  }

  /** Anyone can have requests refused: the operators hear of the first, and then of their number. */
  private notAuthorized(surface: Surface, reason: NotAuthorized): Refusal {
    const count = this.refusals.add(`${surface} ${reason}`, this.host.clock.monotonic());
    if (count > 0) this.host.refused(surface, reason, count);
    return new Refusal('UNAUTHORIZED');
  }

  /** A guard that does not answer would hold the request's place for ever. */
  private ask(guard: NonNullable<MountRules['guard']>, inbound: Inbound): Promise<unknown> {
    const answer = Promise.resolve(guard(inbound.guarded()));
    const late = (): Error =>
      new Error(`the guard of ${this.rules.path} did not answer within ${GUARD_MS} ms`);
    return inTime(this.host.clock, GUARD_MS, answer, late);
  }

  private async read(inbound: Inbound): Promise<Uint8Array> {
    const { bodyBytes, bodyTimeoutMs } = this.rules;
    const length = inbound.header('content-length');
    if (length !== null && !(Number(length) <= bodyBytes)) throw new Refusal('BODY_TOO_LARGE');
    const reading = inbound.body(bodyBytes);
    return inTime(this.host.clock, bodyTimeoutMs, reading.bytes, () => {
      reading.stop();
      return new Refusal('BODY_TIMEOUT');
    });
  }

  private async takeHints(body: unknown, { claim }: Admission): Promise<Answer> {
    const hints = hintsIn(body);
    if (hints === null) throw new Refusal('BODY_INVALID');
    if (this.host.process === null && this.host.phase() !== 'started') throw new Refusal('NOT_STARTED');
    // Sent again, it would only have the store asked again.
    if (claim === null || this.recent.add(claim.id, this.host.clock.now())) {
      await this.host.hint(hints);
      await this.host.process?.();
    }
    return jsonAnswer(202, { accepted: true });
  }

  private async takeEvent(body: unknown, { claim }: Admission): Promise<Answer> {
    const { event, data, id } = eventIn(body);
    if (this.rules.syncMs !== null && this.host.process === null && this.host.phase() !== 'started')
      throw new Refusal('NOT_STARTED');
    // A signed request that comes twice is one event, in whichever process and after whichever restart.
    const once = id ?? (claim === null ? null : `http:${claim.id}`);
    const accepted = await this.host.publish(event, data, once).catch((error: unknown) => {
      const refusal = refusalOf(error);
      if (refusal?.violations == null) throw error;
      throw new Refusal(refusal.code, null, toldViolations(refusal.violations, data));
    });
    // It is stored: what goes wrong from here on must not make its sender send it again.
    const ended = await this.end(accepted).catch((error: unknown) => {
      this.host.fault('serve a request', error);
      return null;
    });
    return ended === null
      ? jsonAnswer(202, { accepted: true, executions: accepted.executions })
      : endAnswer(ended);
  }

  /** Null: it is not waited for, or nobody ends it now. */
  private async end(accepted: AcceptedEvent): Promise<readonly EndedExecution[] | null> {
    const { syncMs } = this.rules;
    if (this.host.process === null) return syncMs === null ? null : accepted.ended(syncMs);
    await this.host.process();
    return syncMs === null ? null : accepted.ended(null);
  }
}

function assertJson(inbound: Inbound): void {
  const type = inbound.header('content-type') ?? '';
  const encoding = inbound.header('content-encoding') ?? 'identity';
  if (!/^application\/json\s*(?:;\s*charset="?utf-8"?\s*)?$/i.test(type) || encoding !== 'identity')
    throw new Refusal('MEDIA_TYPE_UNSUPPORTED');
}

/** What the handlers gave, or that some of them failed: what they failed with is for the operators. */
function endAnswer(ended: readonly EndedExecution[]): Answer {
  const failed = ended.filter((each) => !each.success);
  if (failed.length === 0)
    return jsonAnswer(200, {
      executions: ended.map((each) => ({ ...nameOf(each), value: each.success ? plain(each.value) : null })),
    });
  return jsonAnswer(422, {
    error: true,
    code: 'EXECUTION_FAILED',
    message: `${failed.length} of ${ended.length} executions failed`,
    isNonRetryable: failed.every((each) => !each.success && isFinal(each.error)),
    executions: ended.map((each) => ({ ...nameOf(each), success: each.success })),
  });
}

function nameOf({ id, worker, handler }: StartedExecution): StartedExecution {
  return { id, worker, handler };
}

/** As JSON has it; null for what JSON cannot write. */
function plain(value: unknown): unknown {
  try {
    const text = JSON.stringify(value, (_key, item: unknown) =>
      typeof item === 'bigint' ? String(item) : item,
    );
    return text === undefined ? null : JSON.parse(text);
  } catch {
    return null;
  }
}
