import { ALARM_EVENT } from '../model/actor-record.js';
import type { Codec } from '../ports/codec.js';
import type { NewEvent } from '../ports/store-write.js';
import { type NewTurn, turnEvent } from './turn-event.js';

/** The alarm of an actor, as an event that its own handler takes. `seed` names the write that it goes with: the same whenever that is sent again. */
export function alarmEvent(alarm: NewTurn, codec: Codec, seed: string): NewEvent {
  const cause = { name: ALARM_EVENT, input: codec.encode(null), seed: ['alarm', alarm.instanceName, seed] };
  return turnEvent(alarm, cause);
}
