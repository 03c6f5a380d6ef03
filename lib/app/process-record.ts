import type { DefinitionRef } from '../model/execution.js';
import type { ProcessId } from '../model/ids.js';
import type { ProcessRecord } from '../ports/store.js';
import { digestOf } from '../step/digest.js';
import type { Role } from './role.js';

/** How a process registers itself: processes that run the same definitions are one deployment. */
export function processRecord(
  id: ProcessId,
  role: Role,
  definitions: readonly DefinitionRef[],
): ProcessRecord {
  const named = definitions.map((definition) => `${definition.id} ${definition.fingerprint}`);
  return { id, deployment: digestOf(JSON.stringify(named.toSorted())), role, definitions };
}
