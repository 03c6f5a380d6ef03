import type { DeclaredQuestion } from '../engine/lease-keeper.js';
import type { DefinitionRef } from '../model/execution.js';
import type { Clock } from '../ports/clock.js';
import type { Declared, HeartbeatAnswer } from '../ports/store.js';
import type { PausedDefinitions } from './paused-definitions.js';
import type { Subscriptions } from './subscriptions.js';

/** What was told counts as read for so many sweeps: renewals and sweeps are about as far apart, and never in step. */
const SWEEPS = 1.5;

/** What a renewal was sent with. */
interface Sent {
  readonly subscriptions: number;
  readonly paused: number;
  readonly at: number;
}

/** What the store told last, and with which renewal. */
interface Told {
  readonly mark: string;
  readonly sent: Sent;
  readonly definitions: readonly DefinitionRef[];
}

/** What processes have declared, as the store tells it with each renewal of the lease: then a sweep need not read it. */
export class DeclaredNews {
  private told: Told | null = null;

  constructor(
    private readonly subscriptions: Subscriptions,
    private readonly paused: PausedDefinitions,
    private readonly clock: Clock,
    private readonly sweepMs: () => number,
  ) {}

  /** The definitions that were told lately; null: everything has to be read. */
  get definitions(): readonly DefinitionRef[] | null {
    const { told } = this;
    const isLate = told === null || this.clock.monotonic() - told.sent.at > SWEEPS * this.sweepMs();
    return isLate ? null : told.definitions;
  }

  /** For a sweep. Undefined: they were told lately, and nothing is read. */
  readSubscriptions(): Promise<void> | undefined {
    return this.definitions === null ? this.subscriptions.refresh() : undefined;
  }

  /** For a sweep, as `readSubscriptions`. */
  readPauses(): Promise<void> | undefined {
    return this.definitions === null ? this.paused.refresh() : undefined;
  }

  /** A renewal is about to be sent. What was read beside the last one is not what its mark stands for: everything is asked for. */
  readonly ask = (): DeclaredQuestion => {
    const { subscriptions, paused, told } = this;
    const known = told !== null && this.isLast(told.sent) ? told.mark : undefined;
    const sent = {
      subscriptions: subscriptions.readings.next(),
      paused: paused.readings.next(),
      at: this.clock.monotonic(),
    };
    return {
      known,
      answered: (declared) => {
        if (declared !== undefined && this.isLast(sent)) this.take(declared, sent, known);
      },
    };
  };

  private take(
    { mark, changed }: NonNullable<HeartbeatAnswer['declared']>,
    sent: Sent,
    known: string | undefined,
  ): void {
    if (changed === undefined && (this.told === null || mark !== known)) return;
    const definitions = changed?.definitions ?? this.told?.definitions ?? [];
    this.told = { mark, sent, definitions };
    this.apply(changed ?? null, sent);
  }

  private apply(changed: Declared | null, sent: Sent): void {
    this.subscriptions.take(changed?.subscriptions ?? null, sent.subscriptions, sent.at);
    if (changed !== null) this.paused.take(changed.paused, sent.paused);
  }

  /** Nothing was read since. */
  private isLast(sent: Sent): boolean {
    return this.subscriptions.readings.isLast(sent.subscriptions) && this.paused.readings.isLast(sent.paused);
  }
}
