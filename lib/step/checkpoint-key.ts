/**
 * Keys of journal rows: a result has its path as key; the others say what they add to it. `!` never occurs in a path.
 * `scope` names the attempts of the bodies around the call.
 */

/** Of a call that failed for good. */
export function failureKey(path: string, scope: string): string {
  return `${path}!${scope}`;
}

/** Of one failed attempt. */
export function attemptKey(path: string, scope: string, attempt: number): string {
  return `${path}!${scope}#${attempt}`;
}

/** Of the note that an at-most-once body begins. */
export function startedKey(path: string, scope: string, attempt: number): string {
  return `${path}!${scope}@${attempt}`;
}

/** Of the place within a rate that was reserved for that attempt. */
export function reservedKey(path: string, scope: string, attempt: number): string {
  return `${path}!${scope}r${attempt}`;
}

/** Of a child execution that began: which one of those of the call, from 0. */
export function childKey(path: string, ordinal: number): string {
  return `${path}!c${ordinal}`;
}

/** Which one that key names. */
export function childOrdinal(key: string): number {
  return Number(key.slice(key.lastIndexOf('c') + 1));
}

/** Of a sleep, and of a wait for events: one that lost a race, and is begun anew with the race, has another scope. */
export function timerKey(path: string, scope: string): string {
  return `${path}!${scope}t`;
}
