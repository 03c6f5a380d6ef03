/** What is stored of an actor. Instants are epoch ms. */
export interface ActorRecord {
  /** The encoded state; null: it was never set. */
  readonly state: string | null;
  /** Grows by one with each turn that set the state, from 0. */
  readonly version: number;
  readonly eventCount: number;
  readonly executeCount: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** The execution that created it. */
  readonly createdBy: string;
}

export function parseActorRecord(text: string): ActorRecord {
  return JSON.parse(text) as ActorRecord;
}

/** What a turn notes in its journal where the instance will not tell: that it was created, or ended, in it. */
export interface TurnNote {
  readonly created: boolean;
  readonly terminated: boolean;
}

/** The event name of executions that an alarm starts: no event that is published can have it. */
export const ALARM_EVENT = '*alarm';
