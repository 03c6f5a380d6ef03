/** Begins an escape; a text that holds it is escaped itself. */
const MARK = '\u0001';

interface WellFormed {
  isWellFormed(): boolean;
}

const SPECIAL = /\u0001|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/**
 * Text as the server gets it: itself, unless it holds half a surrogate pair (UTF-8 cannot carry it, and the server's JSON
 * parser refuses its escape) or the mark. No two texts are stored alike, and a separator stays where it was.
 */
export function toStored(text: string): string {
  if (!text.includes(MARK) && (text as unknown as WellFormed).isWellFormed()) return text;
  return text.replace(SPECIAL, (char) => MARK + char.charCodeAt(0).toString(16).padStart(4, '0'));
}

/** The text that {@link toStored} was given. */
export function fromStored(text: string): string {
  if (!text.includes(MARK)) return text;
  return text.replace(/\u0001([0-9a-f]{4})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** Undefined, which JSON leaves out, for null. */
export function storedOrAbsent(text: string | null): string | undefined {
  return text === null ? undefined : toStored(text);
}

export function fromStoredOrNull(text: string | undefined): string | null {
  return text === undefined ? null : fromStored(text);
}
