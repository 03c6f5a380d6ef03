import type { WireEvent } from './event-buffer.js';
import type { SentEvent } from './sent-event.js';

/** Characters of one event. */
const MOST_TEXT = 65_536;
const KEPT_TEXT = 1_000;

/** The event as text. What JSON cannot say, and what is too long, is left out and named in `omitted`. */
export function wireEvent(
  { fields, isFailure }: SentEvent,
  names: 'holdfast' | 'durable-effect',
  id: string,
  common: Readonly<Record<string, string>>,
): WireEvent {
  const whole = { [names === 'holdfast' ? 'id' : 'eventId']: id, ...fields, ...common };
  const text = textOf(whole);
  if (text !== null && text.length <= MOST_TEXT) return { text, isFailure };
  const omitted: string[] = [];
  const kept = Object.entries(whole).filter(([name, value]) => {
    const length = textOf(value)?.length ?? Infinity;
    if (length > KEPT_TEXT) omitted.push(name);
    return length <= KEPT_TEXT;
  });
  return { text: JSON.stringify({ ...Object.fromEntries(kept), omitted }), isFailure };
}

function textOf(value: unknown): string | null {
  try {
    return (
      JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? each.toString() : each)) ??
      'null'
    );
  } catch {
    return null;
  }
}
