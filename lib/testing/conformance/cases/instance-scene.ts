import type { ExecutionId } from '../../../model/ids.js';
import type { InstanceChange, NewEvent, NewExecution, Verdict } from '../../../ports/store-write.js';
import type { StoreDriver } from '../store-driver.js';

/** An instance, and the gate of its turns. */
export const id = 'actor:carts:c-1';
export const gate = { name: id, limit: 1, untilEnd: true };

type Change = Partial<InstanceChange> & Pick<InstanceChange, 'expected' | 'version'>;

export function change(over: Change): InstanceChange {
  return { id, state: '{}', ...over };
}

export function put(
  d: StoreDriver,
  over: Change,
  rest: { readonly event?: NewEvent; readonly cancels?: string } = {},
): Promise<Verdict> {
  const { event = null, cancels = null } = rest;
  return d.write({ kind: 'instance', change: change(over), event, cancels });
}

/** An event with one execution that is due in that many ms. */
export function later(
  d: StoreDriver,
  ms: number,
  over: Partial<NewExecution> = {},
): NewEvent & { of: ExecutionId } {
  const execution = d.execution({ gate, dueAt: d.now + ms, ...over });
  return { ...d.event([execution], { name: '*alarm' }), of: execution.id };
}

export async function all(d: StoreDriver): Promise<readonly ExecutionId[]> {
  return (await d.store.list({ limit: 100 })).map((record) => record.id);
}
