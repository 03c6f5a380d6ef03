import type { ExecutionId } from '../../../model/ids.js';
import type { Lease } from '../../../model/lease.js';
import type { StoreDriver } from '../store-driver.js';

export const one = { name: 'one', limit: 1 };
export const two = { name: 'two', limit: 2 };

export async function isQueued(d: StoreDriver, id: ExecutionId): Promise<boolean> {
  const { status, waitReason, owner } = await d.record(id);
  return status === 'waiting' && waitReason === 'gate' && owner === null;
}

export async function end(d: StoreDriver, lease: Lease): Promise<void> {
  d.is(await d.commit(lease, { record: { status: 'completed', value: '1' } }), 'ok');
}

/** One that runs in the gate `one`, and as many as asked for in its queue. */
export async function fullGate(
  d: StoreDriver,
  queued: number,
): Promise<{ inside: Lease; queue: ExecutionId[] }> {
  const inside = await d.run({ gate: one });
  const queue: ExecutionId[] = [];
  for (let i = 0; i < queued; i++) queue.push(await d.publish({ gate: one }));
  return { inside, queue };
}
