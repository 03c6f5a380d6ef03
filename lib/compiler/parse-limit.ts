import { DURATION_FORMS, parseDuration } from '../model/duration.js';

/** What to write for the options of a limit. */
export const LIMIT_FORMS = { limit: 'a whole number from 1 on', per: `more than 0: ${DURATION_FORMS}` };

/** The number, when it can bound something; null: it cannot. */
export function parseLimit(value: unknown): number | null {
  return Number.isSafeInteger(value) && (value as number) >= 1 ? (value as number) : null;
}

/** Ms of the span of a rate limit; null: it is none. */
export function parsePer(value: unknown): number | null {
  const ms = parseDuration(value);
  return ms !== null && ms > 0 ? ms : null;
}
