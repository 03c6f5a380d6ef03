import { systemClock } from '../adapters/system/system-clock.js';
import type { HandleParts } from '../app/executions/execution-handle.js';
import { isSettled, type ExecutionRecord, wakeAt } from '../model/execution.js';
import type { ExecutionId } from '../model/ids.js';
import type { Logger } from '../ports/logger.js';
import type { Timer } from '../ports/clock.js';
import { runningBodies } from './running-bodies.js';
import type { World } from './world.js';

/** Real ms: a test that moves time has done so by then, and no test runner has given up yet. */
const LOOK_MS = 1_000;
const LOOKS = 4;

/** Tells the test of a wait that cannot end, since nobody moves time. */
export function watchStalled(
  world: World,
  read: (id: ExecutionId) => Promise<ExecutionRecord | null>,
  logger: Logger,
): HandleParts['watchWait'] {
  return (execution) => {
    let isOver = false;
    let looks = 0;
    let seenAt = world.clock.now();
    let timer: Timer;
    const look = async (): Promise<void> => {
      const now = world.clock.now();
      if (now !== seenAt || runningBodies(world.processes).length > 0) {
        seenAt = now;
        if (++looks < LOOKS) timer = systemClock.setTimer(LOOK_MS, () => void look());
        return;
      }
      const record = await read(execution as ExecutionId).catch(() => null);
      if (record !== null && !isOver && !isSettled(record.status)) logger.warn(hintOf(record, now));
    };
    timer = systemClock.setTimer(LOOK_MS, () => void look());
    return () => {
      isOver = true;
      timer.cancel();
    };
  };
}

function hintOf(record: ExecutionRecord, now: number): string {
  const at = wakeAt(record.timers);
  const what = `result() of ${record.definition.id} (execution ${record.id}) waits for ${record.waitReason ?? record.status}`;
  return at !== null && at > now
    ? `${what} until ${new Date(at).toISOString()}, and time stands still in a TestApp. Write await app.advance(${at - now}), or a duration such as '1 day', before you await it`
    : `${what}, and nothing is due in this TestApp: send what it waits for, or write await app.advance('1 minute'), before you await it`;
}
