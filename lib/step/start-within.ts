import type { Gate, ReserveWrite } from '../ports/store-write.js';
import { NewRow } from './new-row.js';
import { reservedKey } from './checkpoint-key.js';
import type { Frame } from './frame.js';
import type { Pass } from './pass.js';

/** What a body needs before it may begin: a permit of a gate, a place within a rate, or both. */
export interface StartLimits {
  readonly gate: Gate | null;
  readonly rate: Omit<ReserveWrite, 'kind'> | null;
}

/** Begins an attempt within its limits: it waits, without a slot when nothing else runs, until both allow it. */
export function startWithin(
  pass: Pass,
  body: Frame,
  path: string,
  attempt: number,
  { gate, rate }: StartLimits,
  begin: () => void,
): void {
  const key = reservedKey(path, body.scope, attempt);
  const reserved = rate === null ? null : (pass.replay?.reserved(path, key) ?? null);
  const acquire = (): void => {
    if (body.isDead) return;
    if (gate === null) return reserve();
    pass.writes.ask(path);
    pass.writes.send({ kind: 'acquire', lease: pass.lease, holder: path, gate }, ({ granted }) => {
      if (granted === true) reserve();
      else pass.waitFor('granted', path, null, body, acquire);
    });
  };
  const reserve = (): void => {
    if (body.isDead) return;
    if (rate === null) {
      begin();
      return;
    }
    if (reserved !== null) beginAt(reserved);
    else
      pass.writes.send({ kind: 'reserve', ...rate }, ({ at = 0 }) => {
        const now = pass.services.clock.now();
        if (at > now) {
          const row = new NewRow(pass, path, 'timer', key, now, attempt);
          row.wakeAt = at;
          pass.later(row);
        }
        beginAt(at);
      });
  };
  const beginAt = (at: number): void => {
    if (at <= pass.services.clock.now()) begin();
    else pass.wait(`rate:${path}`, at, 'gate', body, begin);
  };
  // A permit taken before its time would be given back when the pass suspends, to a sibling that has to wait as well, and so on.
  if (reserved !== null && reserved > pass.services.clock.now())
    pass.wait(`rate:${path}`, reserved, 'gate', body, acquire);
  else acquire();
}
