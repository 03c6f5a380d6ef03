/** Marks text that SQLite or a driver would not give back as it was. */
const mark = '\u0001';

interface WellFormed {
  isWellFormed(): boolean;
}

/**
 * Text as it is stored: itself, unless it holds NUL (libsql cuts there), half a surrogate pair (both drivers make all of
 * them U+FFFD) or begins with the mark. No two texts are stored alike.
 */
export function toStored(text: string): string {
  if (text.charCodeAt(0) !== 1 && !text.includes('\0') && (text as unknown as WellFormed).isWellFormed())
    return text;
  return mark + JSON.stringify(text);
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
