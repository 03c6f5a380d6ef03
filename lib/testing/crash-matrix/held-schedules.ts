import { compileWorkers } from '../../compiler/compile-workers.js';
import { firstState } from '../../maintenance/schedule-state.js';
import type { WorkerClass } from '../../model/definition.js';
import type { StoredSchedule } from '../../ports/stored-schedule.js';

/** The schedules of the workers as a store holds them that are paused: a matrix is of one event, and comes to an end. */
export function heldSchedules(workers: readonly WorkerClass[], now: number): readonly StoredSchedule[] {
  return compileWorkers(workers)
    .flatMap(({ handlers }) => handlers)
    .flatMap(({ id, schedule, keyed }) => {
      // Jobs of a keyed one begin when somebody starts them.
      if (schedule === undefined || keyed !== undefined) return [];
      const state = JSON.stringify({ ...firstState(schedule, now), isPaused: true });
      return [{ id, version: 'held', state }];
    });
}
