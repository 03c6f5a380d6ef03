/** A 32-bit number for a checkpoint's (turn, epoch, key): four bytes in the index instead of the whole key a second time. */
export function keyHash(turn: number, epoch: number, key: string): number {
  let hash = (Math.imul(turn, 0x9e3779b1) ^ Math.imul(epoch, 0x85ebca6b) ^ 0x811c9dc5) | 0;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return hash;
}

/** Where a key goes whose number is taken by another. */
export function nextHash(hash: number): number {
  return (hash + 1) | 0;
}
