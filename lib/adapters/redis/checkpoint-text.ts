import type { Checkpoint } from '../../model/checkpoint.js';
import { fromStored, toStored } from './stored-text.js';

const kinds = ['completed', 'failed', 'attempt', 'timer', 'started', 'skipped'] as const;
/** Stands for "there is none" where a number is expected. */
const NONE = -1;

type Head = readonly [
  seq: number,
  kind: number,
  turn: number,
  epoch: number,
  attempt: number,
  startedAt: number,
  endedAt: number,
  wakeAt: number,
  valueLength: number,
  errorLength: number,
  key: string,
  path?: string,
];

/** The name under which the server keeps the row within its execution. */
export function fieldOf({ turn, epoch, key }: Checkpoint): string {
  return `j${turn}.${epoch}.${toStored(key)}`;
}

/**
 * A row as text: a line of JSON, then value and error as they are, since escaping JSON within JSON makes it half as long
 * again.
 */
export function checkpointToText(row: Checkpoint): string {
  const value = row.value === null ? null : toStored(row.value);
  const error = row.error === null ? null : toStored(row.error);
  const key = toStored(row.key);
  const { seq, turn, epoch, attempt, startedAt, endedAt } = row;
  const wakeAt = row.wakeAt ?? NONE;
  const kind = kinds.indexOf(row.kind);
  // By hand: an array that is made only to be written costs more than all else here, and so do instants that JSON writes anew each time.
  const numbers = `${seq},${kind},${turn},${epoch},${attempt},${startedAt},${endedAt},${wakeAt}`;
  const lengths = `${value?.length ?? NONE},${error?.length ?? NONE}`;
  const path = row.path === row.key ? '' : `,${JSON.stringify(toStored(row.path))}`;
  const line = `[${numbers},${lengths},${JSON.stringify(key)}${path}]`;
  return `${line}\n${value ?? ''}${error ?? ''}`;
}

export function checkpointFromText(text: string): Checkpoint {
  const end = text.indexOf('\n');
  const head = JSON.parse(text.slice(0, end)) as Head;
  const [seq, kind, turn, epoch, attempt, startedAt, endedAt, wakeAt, valueLength, errorLength] = head;
  const key = fromStored(head[10]);
  const errorAt = end + 1 + Math.max(valueLength, 0);
  return {
    key,
    path: head[11] === undefined ? key : fromStored(head[11]),
    kind: kinds[kind] ?? 'completed',
    seq,
    turn,
    epoch,
    attempt,
    value: valueLength === NONE ? null : fromStored(text.slice(end + 1, errorAt)),
    error: errorLength === NONE ? null : fromStored(text.slice(errorAt)),
    wakeAt: wakeAt === NONE ? null : wakeAt,
    startedAt,
    endedAt,
  };
}
