import type { RecurringTick } from '../model/recurring-record.js';
import { TICK_EVENT } from '../model/schedule.js';
import type { Codec } from '../ports/codec.js';
import { type NewTurn, turnEvent } from './turn-event.js';

/** One tick of a recurring job. */
export interface NewTick extends Omit<NewTurn, 'session' | 'depth'> {
  readonly tick: RecurringTick;
}

/** The tick as an event that its own handler takes. `seed` names the write that it goes with: the same whenever that is sent again. */
export function recurringEvent(
  { tick, ...turn }: NewTick,
  codec: Codec,
  seed: string,
): ReturnType<typeof turnEvent> {
  const cause = { name: TICK_EVENT, input: codec.encode(tick), seed: ['recurring', turn.instanceName, seed] };
  return turnEvent({ ...turn, session: null, depth: 0 }, cause);
}
