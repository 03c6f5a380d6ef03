import type { WorkerDefinition } from '../model/definition.js';
import { StoreUnavailableError } from '../model/errors-store.js';
import type { Clock } from '../ports/clock.js';
import type { Store, Subscription } from '../ports/store.js';
import { ruleOf } from './keyed-place.js';
import { Readings } from './readings.js';

/** An event as subscriptions know it. */
interface Named {
  readonly name: string;
  readonly families: readonly string[];
}

/** Which handlers take which event: what this process declares, and what others have written to the store. */
export class Subscriptions {
  private own: readonly Subscription[] = [];
  /** As it was read last. */
  private stored: readonly Subscription[] = [];
  private routes = new Map<string, readonly Subscription[]>();
  private refreshedAt = Number.NEGATIVE_INFINITY;
  readonly readings = new Readings();

  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    /** How old the list may be when an event is routed by it. */
    private readonly maxAgeMs: () => number,
  ) {}

  /**
   * Whether the store has to be read before that event is accepted: what others hold was last read too long ago (an app
   * that is not started has no sweep to read it), or nobody is known to take it, and a worker may have come since.
   */
  mayMiss({ name, families }: Named): boolean {
    if (this.clock.monotonic() - this.refreshedAt > this.maxAgeMs()) return true;
    return !this.routes.has(name) && !families.some((family) => this.routes.has(family));
  }

  /**
   * Declares the subscriptions of these workers, replacing what was declared before; `write` tells the other processes. What others
   * hold stays known: should the store not answer now, their handlers must not miss what is published.
   */
  declare(workers: readonly WorkerDefinition[]): void {
    this.own = workers.flatMap(subscriptionsOf);
    this.index();
  }

  async write(): Promise<void> {
    if (this.own.length > 0) await this.store.subscribe(this.own);
  }

  /** Reads what other processes hold. Of readings under way together, the one that was sent last counts. */
  async refresh(): Promise<void> {
    const readAt = this.clock.monotonic();
    const reading = this.readings.next();
    this.take(await this.read(), reading, readAt);
  }

  /** `stored`: null when it is what was taken last. `readAt`: by the monotonic clock. */
  take(stored: readonly Subscription[] | null, reading: number, readAt: number): void {
    if (!this.readings.accepts(reading)) return;
    this.refreshedAt = readAt;
    if (stored === null) return;
    this.stored = stored;
    this.index();
  }

  /** A store that fails to answer is asked again by whoever needs to know: the error says so. */
  private async read(): Promise<readonly Subscription[]> {
    try {
      return await this.store.subscriptions();
    } catch (error) {
      if (error instanceof StoreUnavailableError) throw error;
      throw new StoreUnavailableError('the store did not tell which handlers take which event', error);
    }
  }

  /** Subscriptions of the name or any of the families, one per handler, in order of (worker id, method). */
  of(name: string, families: readonly string[]): readonly Subscription[] {
    const own = this.routes.get(name) ?? [];
    if (families.length === 0) return own;
    const found = new Map(own.map((subscription) => [subscription.definition.id, subscription]));
    for (const family of families)
      for (const subscription of this.routes.get(family) ?? [])
        if (!found.has(subscription.definition.id)) found.set(subscription.definition.id, subscription);
    return [...found.values()].sort(byHandler);
  }

  /** Ids of all definitions that take some event. */
  definitions(): readonly string[] {
    const ids = new Set<string>();
    for (const route of this.routes.values()) for (const { definition } of route) ids.add(definition.id);
    return [...ids];
  }

  private index(): void {
    const declared = new Set(this.own.map(keyOf));
    const others = this.stored.filter((subscription) => !declared.has(keyOf(subscription)));
    const routes = new Map<string, Subscription[]>();
    for (const subscription of [...this.own, ...others]) {
      const route = routes.get(subscription.event);
      if (route === undefined) routes.set(subscription.event, [subscription]);
      else route.push(subscription);
    }
    for (const route of routes.values()) route.sort(byHandler);
    this.routes = routes;
  }
}

function subscriptionsOf(worker: WorkerDefinition): readonly Subscription[] {
  return worker.handlers.flatMap((handler) =>
    handler.routes.map((route) => {
      const rule = ruleOf(handler, route.event);
      return {
        event: route.event,
        definition: { id: handler.id, fingerprint: worker.graph.fingerprint },
        worker: worker.id,
        method: handler.method,
        ...(rule === null ? null : { rule: JSON.stringify(rule) }),
      };
    }),
  );
}

function keyOf({ event, definition }: Subscription): string {
  return JSON.stringify([event, definition.id]);
}

function byHandler(a: Subscription, b: Subscription): number {
  if (a.worker !== b.worker) return a.worker < b.worker ? -1 : 1;
  if (a.method !== b.method) return a.method < b.method ? -1 : 1;
  return 0;
}
