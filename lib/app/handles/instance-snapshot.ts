/** What an actor or a recurring job knows, as it was last stored. Instants are epoch ms. */
export interface InstanceSnapshot<State> {
  /** Deeply frozen; null: it was never set. */
  readonly state: State | null;
  /** Grows by one with each turn that set the state, from 0. */
  readonly version: number;
  /** When the message that created the actor was accepted, or the job was started. */
  readonly createdAt: number;
  /** When the newest turn that changed it was stored. */
  readonly updatedAt: number;
  /** The next alarm or tick; null: nothing is scheduled, or it runs just now. */
  readonly scheduledAt: number | null;
}
