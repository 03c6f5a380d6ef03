import type { ExecutionRecord } from '../model/execution.js';

/** Names an execution's turn in all that is made of it, so that no two turns make the same: the execution's id alone in its first. */
export function turnId({ id, turn }: Pick<ExecutionRecord, 'id' | 'turn'>): string {
  return turn === 0 ? id : `${id}~${turn}`;
}
