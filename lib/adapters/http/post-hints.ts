import type { Clock } from '../../ports/clock.js';
import { sign } from './signature.js';

/** The platform's `fetch`, or one that goes through a proxy or adds an agent. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Where one peer is and how it is asked. */
export interface Peer {
  /** The address for hints. */
  readonly url: string;
  /** Null: unsigned, which a peer takes on loopback only. */
  readonly key: string | null;
  readonly timeoutMs: number;
  readonly fetch: Fetch;
  readonly clock: Clock;
  /** A name for each request. */
  readonly nextId: () => string;
}

/** How one request went. `refused`: the same request will not be taken later either. */
export type PostAnswer =
  | { readonly kind: 'taken' }
  | { readonly kind: 'refused'; readonly why: string }
  | {
      readonly kind: 'unavailable';
      readonly why: string;
      readonly cause?: unknown;
      /** Null: the peer did not say. */
      readonly retryAfterMs: number | null;
    };

/** Sends one body of hints. Never rejects. Follows no redirect and reads no answer: the status is all there is to know. */
export async function postHints(peer: Peer, body: string, stopped: AbortSignal): Promise<PostAnswer> {
  const aborter = new AbortController();
  let abort = (): void => {};
  // A fetch that does not heed its signal is not waited for either.
  const aborted = new Promise<never>((_, reject) => {
    abort = () => {
      aborter.abort();
      reject(new Error('aborted'));
    };
  });
  const timer = peer.clock.setTimer(peer.timeoutMs, abort);
  stopped.addEventListener('abort', abort);
  try {
    const call = peer.fetch(peer.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...signatureOf(peer, body) },
      body,
      redirect: 'error',
      signal: aborter.signal,
    });
    const response = await Promise.race([call, aborted]);
    void response.body?.cancel().catch(() => {});
    return answerOf(response);
  } catch (cause) {
    const why = aborter.signal.aborted
      ? `no answer within ${peer.timeoutMs} ms`
      : 'the connection failed, or the answer was a redirect';
    return { kind: 'unavailable', why, cause, retryAfterMs: null };
  } finally {
    timer.cancel();
    stopped.removeEventListener('abort', abort);
  }
}

function signatureOf({ key, clock, nextId }: Peer, body: string): Readonly<Record<string, string>> {
  if (key === null) return {};
  const timestamp = String(Math.floor(clock.now() / 1_000));
  return sign(key, { surface: 'hints', id: nextId(), timestamp, body: Buffer.from(body) });
}

function answerOf({ ok, status, headers }: Response): PostAnswer {
  if (ok) return { kind: 'taken' };
  const why = `it answered ${status}`;
  if (status < 500 && status !== 408 && status !== 429) return { kind: 'refused', why };
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  return { kind: 'unavailable', why, retryAfterMs: seconds >= 0 ? seconds * 1_000 : null };
}
