import type { Checkpoint } from '../model/checkpoint.js';
import type { Pass } from './pass.js';

export type NewRow = { -readonly [Key in keyof Checkpoint]: Checkpoint[Key] };

/** A journal row of this pass that ends now; results, failures and instants are filled in by whoever makes it. */
export function newRow(
  pass: Pass,
  path: string,
  kind: Checkpoint['kind'],
  key: string,
  startedAt: number,
  attempt: number,
): NewRow {
  const { record, services } = pass;
  return {
    key,
    path,
    kind,
    seq: pass.writes.nextSeq(),
    turn: record.turn,
    epoch: record.epoch,
    attempt,
    value: null,
    error: null,
    wakeAt: null,
    startedAt,
    endedAt: services.clock.now(),
  };
}
