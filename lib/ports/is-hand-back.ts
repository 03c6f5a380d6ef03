import type { Delta } from './store-write.js';

/**
 * Whether a delta only hands its execution back: nothing in it spares the next pass anything. Permits, places in queues and waits that it
 * gives up, and another form of its definition, are none of that.
 */
export function isHandBack({ checkpoints, record, publish, instance }: Delta): boolean {
  if (record === null || record.status !== 'pending') return false;
  if (checkpoints.length > 0 || publish !== null || instance !== undefined) return false;
  return record.forget.length === 0 && record.gate === undefined && record.next === undefined;
}
