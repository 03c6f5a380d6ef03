/** Marks text that SQLite or a driver would not give back as it was. */
const MARK = '\u0001';

/** Called with `call` for the reason that `encodeName` has. */
// oxlint-disable-next-line typescript/unbound-method -- called on texts
const { charCodeAt, includes, isWellFormed } = String.prototype as string & { isWellFormed(): boolean };

/**
 * Text as it is stored: itself, unless it holds NUL (libsql cuts there), half a surrogate pair (both drivers make all of
 * them U+FFFD) or begins with the mark. No two texts are stored alike.
 */
export function toStored(text: string): string {
  if (typeof text !== 'string') throw new TypeError(`a store keeps text, not ${typeof text}`);
  if (charCodeAt.call(text, 0) !== 1 && !includes.call(text, '\0') && isWellFormed.call(text)) return text;
  return MARK + JSON.stringify(text);
}

/** The text that {@link toStored} was given. */
export function fromStored(text: string): string {
  return text.charCodeAt(0) === 1 ? (JSON.parse(text.slice(1)) as string) : text;
}

export function toStoredOrNull(text: string | null): string | null {
  return text === null ? null : toStored(text);
}

export function fromStoredOrNull(text: string | null): string | null {
  return text === null ? null : fromStored(text);
}
