import type { Clock } from '../../ports/clock.js';
import type { HttpSettings } from './http-options.js';

/** What became of a request. `what`: the middle of a sentence about the endpoint. */
export type Answer =
  | { readonly kind: 'taken' }
  /** Repeating it as it is would not help. */
  | { readonly kind: 'refused'; readonly what: string }
  | { readonly kind: 'failed'; readonly what: string; readonly retryAfterMs: number };

/** Statuses that speak of what was sent; all others speak of the endpoint. */
const REFUSALS: ReadonlySet<number> = new Set([400, 413, 422]);

/** Posts the body. Never rejects; an abort of the request ends it at once. */
export async function post(
  { url, headers, fetch, timeoutMs }: HttpSettings,
  body: string,
  clock: Clock,
  request: AbortController,
): Promise<Answer> {
  const { signal } = request;
  let isLate = false;
  const timeout = clock.setTimer(timeoutMs, () => {
    isLate = true;
    request.abort();
  });
  try {
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
    });
    const answered = (async () => {
      const response = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'manual' });
      // The connection is free for the next one only when the answer has been read.
      await response.text();
      return response;
    })();
    const { status, headers: told } = await Promise.race([answered, aborted]);
    if (status >= 200 && status < 300) return { kind: 'taken' };
    const what = `answered ${status}`;
    if (REFUSALS.has(status)) return { kind: 'refused', what };
    return { kind: 'failed', what, retryAfterMs: secondsOf(told.get('retry-after')) * 1_000 };
  } catch (error) {
    const what = isLate ? `did not answer within ${timeoutMs} ms` : `could not be reached${codeOf(error)}`;
    return { kind: 'failed', what, retryAfterMs: 0 };
  } finally {
    timeout.cancel();
  }
}

function secondsOf(retryAfter: string | null): number {
  return retryAfter !== null && /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) : 0;
}

/** Of the error only its code: messages may hold what was sent, and where to. */
function codeOf(error: unknown): string {
  let each = error;
  for (let depth = 0; typeof each === 'object' && each !== null && depth < 3; depth++) {
    const { code, cause } = each as { readonly code?: unknown; readonly cause?: unknown };
    if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,40}$/.test(code)) return ` (${code})`;
    each = cause;
  }
  return '';
}
