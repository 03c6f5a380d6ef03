import type { ProcessId } from '../../model/ids.js';
import type { ProcessRecord } from '../../ports/store.js';
import { fromStored, toStored } from './stored-text.js';

/** A process as the server keeps it: the port's record, with its texts as they are stored. */
export function processToText(process: ProcessRecord): string {
  return JSON.stringify(mapped(process, toStored));
}

export function processFromText(text: string): ProcessRecord {
  return mapped(JSON.parse(text) as ProcessRecord, fromStored);
}

function mapped(process: ProcessRecord, map: (text: string) => string): ProcessRecord {
  const { id, deployment, role, definitions, schedules } = process;
  return {
    id: map(id) as ProcessId,
    deployment: map(deployment),
    role,
    definitions: definitions.map((each) => ({ id: map(each.id), fingerprint: map(each.fingerprint) })),
    ...(schedules === undefined
      ? {}
      : { schedules: schedules.map((each) => ({ id: map(each.id), print: map(each.print) })) }),
  };
}
