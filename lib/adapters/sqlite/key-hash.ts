/**
 * A number below 2^19 for a checkpoint's (turn, epoch, key): in its row's number it stands behind that of the execution, with
 * as much room again for those whose number is taken (`nextHash`).
 */
export function keyHash(turn: number, epoch: number, key: string): number {
  let hash = (Math.imul(turn, 0x9e3779b1) ^ Math.imul(epoch, 0x85ebca6b) ^ 0x811c9dc5) | 0;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return hash & 0x7ffff;
}

/** Where a key goes whose number is taken by another. */
export function nextHash(hash: number): number {
  return hash + 1;
}

/** Rows of one execution: its number is to be bound twice. */
export const placesOfExecution = 'place BETWEEN (? << 20) AND (? << 20) + 1048575';
