import type { Definitions } from '../../engine/definitions.js';
import { scheduleRef, schedulesOf } from '../../maintenance/schedules.js';
import type { ProcessId } from '../../model/ids.js';
import type { ProcessRecord } from '../../ports/store.js';
import { digestOf } from '../../step/digest.js';
import type { Role } from './role.js';

/** How a process registers itself: processes that run the same definitions are one deployment. */
export function processRecord(id: ProcessId, role: Role, own: Definitions): ProcessRecord {
  const definitions = own.runnable();
  const schedules = schedulesOf(own).map(scheduleRef);
  const named = definitions.map((definition) => `${definition.id} ${definition.fingerprint}`);
  for (const schedule of schedules) named.push(`@ ${schedule.id} ${schedule.print}`);
  const deployment = digestOf(JSON.stringify(named.toSorted()));
  return { id, deployment, role, definitions, ...(schedules.length === 0 ? null : { schedules }) };
}
