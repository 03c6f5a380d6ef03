import { NonDeterminismError } from '../model/errors-execution.js';
import { namesOf } from '../model/path.js';
import type { Frame } from './frame.js';

/** Whether the body called everything that was recorded below it; parks the execution when it did not. */
export function repeatsJournal(frame: Frame): boolean {
  const { pass } = frame;
  if (pass.replay === null) return true;
  const leftover = frame.isStrict ? pass.replay.leftover(frame.path) : [];
  if (leftover.length === 0) {
    pass.replay.close(frame.path);
    return true;
  }
  pass.end({
    kind: 'parked',
    error: new NonDeterminismError(
      `${pass.handler.id} ended '${namesOf(frame.path)}' without repeating recorded steps: ` +
        `${[...new Set(leftover.map(namesOf))].slice(0, 3).join(', ')}. Bring back the code that called them and resume(), ` +
        `or forget them by retry({ from: '${namesOf(leftover[0] ?? frame.path)}' })`,
    ),
  });
  return false;
}
