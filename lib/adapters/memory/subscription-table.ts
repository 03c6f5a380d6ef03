import type { Subscription } from '../../ports/store.js';
import { plainCopy } from './plain-copy.js';

interface Held {
  readonly subscription: Subscription;
  heldAt: number;
}

/** How long a subscription outlives the last process that held it. */
const KEPT_MS = 7 * 24 * 60 * 60 * 1_000;

/** Who takes which event, by definition and event. */
export class SubscriptionTable {
  private readonly byDefinition = new Map<string, Map<string, Held>>();

  /** Answers whether it was not held in that form before. */
  add(subscription: Subscription, heldAt: number): boolean {
    const { definition, event } = subscription;
    let events = this.byDefinition.get(definition.id);
    if (events === undefined) this.byDefinition.set(definition.id, (events = new Map()));
    const known = events.get(event);
    events.set(event, { subscription: plainCopy(subscription), heldAt });
    return known?.subscription.definition.fingerprint !== definition.fingerprint;
  }

  /** A live process declares the definition. */
  hold(definition: string, now: number): void {
    const events = this.byDefinition.get(definition);
    if (events === undefined) return;
    for (const held of events.values()) held.heldAt = now;
  }

  all(now: number): Held[] {
    const found: Held[] = [];
    for (const [id, events] of this.byDefinition) {
      for (const [event, held] of events) {
        if (held.heldAt + KEPT_MS > now) found.push(held);
        else events.delete(event);
      }
      if (events.size === 0) this.byDefinition.delete(id);
    }
    return found;
  }
}
