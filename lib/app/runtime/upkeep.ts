import type { Consumer } from '../../dispatch/consumer.js';
import type { DeclaredNews } from '../../dispatch/declared-news.js';
import type { Outcomes } from '../../dispatch/outcomes.js';
import type { GroupWriter } from '../../engine/group-writer.js';
import type { Adopter } from '../../maintenance/adopter.js';
import { Pruner } from '../../maintenance/pruner.js';
import { ScheduleKeeper } from '../../maintenance/schedule-keeper.js';
import type { Scheduler } from '../../maintenance/scheduler.js';
import { Sweeper } from '../../maintenance/sweeper.js';
import type { RuntimeParts } from './runtime-parts.js';

interface Kept {
  readonly declared: DeclaredNews;
  readonly adopter: Adopter;
  readonly consumer: Consumer;
  readonly outcomes: Outcomes;
  readonly scheduler: Scheduler;
  readonly writer: GroupWriter;
}

/** What a process does at each sweep, in order. What a renewal of the lease has told lately is not read again. */
export function upkeepOf(parts: RuntimeParts, kept: Kept): Sweeper {
  const { store, clock, random, observer, settings } = parts;
  const { declared, adopter, consumer, outcomes, scheduler, writer } = kept;
  const pruner = new Pruner(store, clock, () => settings.retention);
  const keeper = new ScheduleKeeper({ ...parts, writer });
  return new Sweeper({
    clock,
    random,
    observer,
    intervalMs: () => settings.sweepMs,
    tasks: [
      { name: 'read subscriptions', run: () => declared.readSubscriptions() },
      { name: 'read pauses', run: () => declared.readPauses() },
      { name: 'adopt executions', run: () => adopter.refresh(declared.definitions) },
      { name: 'claim', run: () => consumer.pull('sweep') },
      { name: 'read outcomes', run: () => outcomes.poll() },
      { name: 'run schedules', run: () => scheduler.refresh() },
      { name: 'retire schedules', run: () => keeper.retire() },
      { name: 'prune', run: () => pruner.prune() },
    ],
  });
}
