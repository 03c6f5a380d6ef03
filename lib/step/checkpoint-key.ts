/** Keys of journal rows: a result has its path as key; the others say what they add to it. `!` never occurs in a path. */
export function failureKey(path: string, scope: string): string {
  return `${path}!${scope}`;
}

export function attemptKey(path: string, scope: string, attempt: number): string {
  return `${path}!${scope}#${attempt}`;
}

export function startedKey(path: string, scope: string, attempt: number): string {
  return `${path}!${scope}@${attempt}`;
}

/** Of the place within a rate that was reserved for that attempt. */
export function reservedKey(path: string, scope: string, attempt: number): string {
  return `${path}!${scope}r${attempt}`;
}

export function timerKey(path: string): string {
  return `${path}!t`;
}
