/** One thing wrong with a value: where, and what. */
export interface Violation {
  /** Dotted path from the root, for example `lines.2.price`; empty for the root. */
  readonly path: string;
  readonly message: string;
}

/** How a message that names its place calls it. */
export function subjectOf(path: string): string {
  return path === '' ? 'the value' : path;
}

/** Of a fault whose message begins with its place: the message without it. */
export function withoutSubject({ path, message }: Violation): Violation {
  return { path, message: message.slice(subjectOf(path).length + 1) };
}
