import { inspect } from 'node:util';

const MOST = 60;

/** A value in a line of a trace. */
export function shown(value: unknown): string {
  const text = inspect(value, {
    depth: 2,
    breakLength: Number.POSITIVE_INFINITY,
    maxArrayLength: 8,
  }).replaceAll('\n', ' ');
  return text.length > MOST ? `${text.slice(0, MOST - 1)}…` : text;
}
