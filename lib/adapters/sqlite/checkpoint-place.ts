import type { Checkpoint } from '../../model/checkpoint.js';

/** Called with `call` for the reason that `encodeName` has. */
// oxlint-disable-next-line typescript/unbound-method -- called on texts
const { charCodeAt } = String.prototype;

/**
 * A number below 2^19 for a checkpoint's (turn, epoch, key): in its row's place it stands behind the number of the execution, with
 * as much room again for those whose place is taken (`placesOf`).
 */
export function keyHash(turn: number, epoch: number, key: string): number {
  let hash = (Math.imul(turn, 0x9e3779b1) ^ Math.imul(epoch, 0x85ebca6b) ^ 0x811c9dc5) | 0;
  const { length } = key;
  for (let i = 0; i < length; i++) hash = Math.imul(hash ^ charCodeAt.call(key, i), 0x01000193);
  return hash & 0x7ffff;
}

/** How many places an execution has: `placesFromTo` shifts by as much. */
const ROOM = 2 ** 20;

export function placeOf(n: number, hash: number): number {
  return n * ROOM + hash;
}

/** The number of the execution that a place belongs to. */
export function executionAt(place: number): number {
  return Math.floor(place / ROOM);
}

/** Places that are tried for one key: an execution would need hundreds of thousands of checkpoints to come near. */
const MOST_TRIES = 10_000;

/** The places for a key, in order: that of its hash, then those behind it, where another key took it. Throws `RangeError` when all are taken. */
export function* placesOf(n: number, { turn, epoch, key }: Checkpoint): Generator<number> {
  const hash = keyHash(turn, epoch, key);
  for (let tries = 0; tries < MOST_TRIES; tries++) yield placeOf(n, (hash + tries) % ROOM);
  throw new RangeError(
    `an execution has so many checkpoints that '${key}' finds no place: end its turn with continueAsNew(), or lower limits.checkpoints`,
  );
}

/** Tables of checkpoints. */
export const checkpointTables: readonly number[] = [0, 1, 2, 3];

/** The table of a key: that of its step, whose name stands before the first `~`; of any other key all is name. */
export function tableOf(key: string): number {
  let hash = 0x811c9dc5;
  const { length } = key;
  for (let i = 0; i < length; i++) {
    const code = charCodeAt.call(key, i);
    if (code === TILDE) break;
    hash = Math.imul(hash ^ code, 0x01000193);
  }
  return hash & 3;
}

const TILDE = 0x7e;

/** The places of the execution with that number, which is SQL. */
export function placesWithin(n: string): string {
  return placesFromTo(n, n);
}

/** The places of all executions from one number to another, which are bound. */
export const placesOfExecutions = placesFromTo('?', '?');

function placesFromTo(first: string, last: string): string {
  return `place BETWEEN (${first} << 20) AND (${last} << 20) + ${ROOM - 1}`;
}
