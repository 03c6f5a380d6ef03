import { Refusal } from './refusal.js';

const LONGEST_NAME = 256;
const LONGEST_ID = 1_024;
/** Half a character: no UTF-8 has it, so some stores would keep another text. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/** What a request says of an event: its name, its data, and an id that makes it one however often it is sent. Nothing else. */
export interface EventBody {
  readonly event: string;
  readonly data: unknown;
  /** Null: none was given. */
  readonly id: string | null;
}

/** Reads a parsed body. Throws `Refusal` for anything that is not exactly that. */
export function eventIn(body: unknown): EventBody {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw invalid();
  const unknown = Object.keys(body).filter((name) => name !== 'event' && name !== 'data' && name !== 'id');
  const { event, data, id = null } = body as Partial<Readonly<Record<keyof EventBody, unknown>>>;
  if (unknown.length > 0 || !Object.hasOwn(body, 'event') || !Object.hasOwn(body, 'data')) throw invalid();
  if (!isName(event, LONGEST_NAME) || (id !== null && !isName(id, LONGEST_ID))) throw invalid();
  return { event, data, id };
}

function isName(value: unknown, longest: number): value is string {
  return typeof value === 'string' && value !== '' && value.length <= longest && !LONE_SURROGATE.test(value);
}

function invalid(): Refusal {
  return new Refusal(
    'BODY_INVALID',
    'send { "event": "its name", "data": { … }, "id": "optional" } and nothing else',
  );
}
