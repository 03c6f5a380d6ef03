import type { EventId, ExecutionId } from '../../model/ids.js';
import type {
  KnownEvent,
  Mail,
  PublishedExecution,
  RejectReason,
  Verdict,
  Write,
} from '../../ports/store-write.js';
import { listOf, type Listed } from './list-of.js';
import { fromStored, fromStoredOrNull } from './stored-text.js';

/** A verdict as the script `write` answers it. */
export interface VerdictWire {
  readonly v: Verdict['verdict'];
  readonly x?: Listed<PublishedWire>;
  readonly due?: boolean;
  readonly gr?: boolean;
  readonly at?: number;
  readonly ml?: { readonly pl: number; readonly p: string; readonly s?: string } | false;
  readonly ca?: number;
  readonly re?: RejectReason;
  readonly ev?: string;
  readonly kn?: Listed<{
    readonly ix: number;
    readonly x?: Listed<{ readonly id: string; readonly d: string }>;
  }>;
}

interface PublishedWire {
  readonly id: string;
  readonly ix: number;
  readonly x: string;
  readonly d: string;
  readonly n?: number;
  readonly c: number;
  readonly du?: boolean;
  readonly le?: boolean;
  readonly ba?: { readonly c: number; readonly du: number };
}

const ok: Verdict = Object.freeze({ verdict: 'ok' });
const already: Verdict = Object.freeze({ verdict: 'already' });
const stale: Verdict = Object.freeze({ verdict: 'stale' });

/** What the script answers for one write: a number where its arguments were plain, 0 or that of the execution it created leased. */
export type AnswerWire = VerdictWire | number;

/** `at`: the server's instant of what was created. */
export function decodeVerdicts(
  answers: readonly AnswerWire[],
  writes: readonly Write[],
  at: number,
): readonly Verdict[] {
  return answers.map((answer, place) =>
    typeof answer === 'number' ? decodePlain(answer, writes[place] as Write, at) : decodeVerdict(answer),
  );
}

function decodePlain(number: number, write: Write, createdAt: number): Verdict {
  const event = write.kind === 'publish' ? write.events[0] : undefined;
  const execution = event?.executions[0];
  if (number === 0 || event === undefined || execution === undefined) return ok;
  const { id: executionId, definition } = execution;
  const created = {
    eventId: event.id,
    eventIndex: 0,
    executionId,
    definition: definition.id,
    key: number,
    createdAt,
    duplicate: false,
    leased: true,
  };
  return { verdict: 'ok', executions: [created] };
}

export function decodeVerdict(wire: VerdictWire): Verdict {
  const { v: verdict } = wire;
  if (verdict === 'stale') return stale;
  if (verdict === 'rejected') return rejection(wire);
  const { x, due, gr, at, ml, ca } = wire;
  // Most of what is written answers nothing more.
  if (x === undefined && due === undefined && gr === undefined && at === undefined && ml === undefined)
    if (ca === undefined) return verdict === 'ok' ? ok : already;
  return {
    verdict,
    ...(x === undefined ? {} : { executions: listOf(x).map(published) }),
    ...(due === true ? { due } : {}),
    ...(gr === undefined ? {} : { granted: gr }),
    ...(at === undefined ? {} : { at }),
    ...(ml === undefined ? {} : { mail: mail(ml) }),
    ...(ca === undefined ? {} : { cancelled: ca }),
  };
}

function published(wire: PublishedWire): PublishedExecution {
  const { ba } = wire;
  return {
    eventId: fromStored(wire.id) as EventId,
    eventIndex: wire.ix,
    executionId: fromStored(wire.x) as ExecutionId,
    definition: fromStored(wire.d),
    key: wire.n ?? null,
    createdAt: wire.c,
    duplicate: wire.du === true,
    leased: wire.le === true,
    ...(ba === undefined ? {} : { batch: { count: ba.c, dueAt: ba.du } }),
  };
}

function mail(wire: NonNullable<VerdictWire['ml']>): Mail | null {
  if (wire === false) return null;
  return { payload: fromStored(wire.p), schemaHash: fromStoredOrNull(wire.s), place: wire.pl };
}

function rejection({ re, ev, kn }: VerdictWire): Verdict {
  return {
    verdict: 'rejected',
    reason: re as RejectReason,
    ...(ev === undefined ? {} : { eventId: fromStored(ev) as EventId }),
    ...(kn === undefined ? {} : { known: listOf(kn).map(known) }),
  };
}

function known({ ix, x }: { readonly ix: number } & Pick<KnownWire, 'x'>): KnownEvent {
  const executions = listOf(x).map(({ id, d }) => ({
    id: fromStored(id) as ExecutionId,
    definition: fromStored(d),
  }));
  return { eventIndex: ix, executions };
}

type KnownWire = Extract<NonNullable<VerdictWire['kn']>, readonly unknown[]>[number];
