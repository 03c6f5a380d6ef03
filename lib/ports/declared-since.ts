import type { Declared, HeartbeatAnswer } from './store.js';

/** What a store beside its app answers a heartbeat: what is declared is its own mark. */
export function declaredSince(
  known: string | undefined,
  declared: Declared,
): NonNullable<HeartbeatAnswer['declared']> {
  const mark = JSON.stringify(declared);
  return mark === known ? { mark } : { mark, changed: declared };
}
