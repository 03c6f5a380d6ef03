import { ConfigurationError } from '../../model/errors-boot.js';
import {
  LIFECYCLE_EVENT_NAMES,
  type LifecycleEvent,
  type LifecycleEventName,
} from '../../model/lifecycle-event.js';
import { writeOneOf } from '../../model/near-names.js';
import { outsideExecutions } from '../../ports/current-execution.js';
import type { Observer } from '../../ports/observer.js';

/** Hears lifecycle events. What it returns is not awaited; if it throws or rejects, that is logged. */
export type Listener<Name extends LifecycleEventName | '*' = '*'> = (
  event: Name extends LifecycleEventName ? EventOf<Name> : LifecycleEvent,
) => unknown;

/** Custom events are one member of the union, whatever their names. */
type EventOf<Name extends LifecycleEventName> = Name extends `custom.${string}`
  ? Extract<LifecycleEvent, { readonly name: `custom.${string}` }>
  : Extract<LifecycleEvent, { readonly name: Name }>;

type AnyListener = (event: LifecycleEvent) => unknown;

/** A listener that fails may fail at every event: it is told of at once, and from then on once in this time. */
const QUIET_MS = 60_000;

interface Subscription {
  readonly listener: AnyListener;
  /** What fails when it fails. */
  readonly source: string;
  failures: number;
  /** Epoch ms; null: it was never told of. */
  toldAt: number | null;
}

/** A listener that threw or rejected. */
export interface ListenerFailure {
  /** As in `metrics.increment`. */
  readonly source: string;
  readonly event: LifecycleEventName;
  readonly error: unknown;
  /** How often it has failed by now. */
  readonly failures: number;
}

/** Hands lifecycle events to whoever listens; one that throws or rejects is told to `failed` and disturbs nobody. */
export class LifecycleBus implements Observer {
  private readonly listeners = new Map<string, Set<Subscription>>();
  /** What `wants` has answered since the listeners last changed. */
  private readonly wanted = new Map<string, boolean>();

  constructor(private readonly failed: (failure: ListenerFailure) => void) {}

  /** Returns the listener's removal. `source` is what logs call it. */
  on(
    name: LifecycleEventName | '*',
    listener: AnyListener,
    source = `the listener of '${name}'`,
  ): () => void {
    const own: Subscription = { listener, source, failures: 0, toldAt: null };
    const listeners = this.listeners.get(name) ?? new Set();
    this.listeners.set(name, listeners.add(own));
    this.wanted.clear();
    return () => {
      listeners.delete(own);
      if (listeners.size === 0 && this.listeners.get(name) === listeners) this.listeners.delete(name);
      this.wanted.clear();
    };
  }

  wants(name: LifecycleEventName): boolean {
    if (this.listeners.size === 0) return false;
    const known = this.wanted.get(name);
    if (known !== undefined) return known;
    const isCustom = name.startsWith('custom.');
    const isWanted =
      this.listeners.has(name) || this.listeners.has('*') || (isCustom && this.listeners.has('custom.*'));
    // Custom names come from outside, as many as they like.
    if (!isCustom) this.wanted.set(name, isWanted);
    return isWanted;
  }

  emit(event: LifecycleEvent): void {
    this.call(this.listeners.get(event.name), event);
    this.call(this.listeners.get('*'), event);
    if (event.name.startsWith('custom.')) this.call(this.listeners.get('custom.*'), event);
  }

  private call(subscriptions: Set<Subscription> | undefined, event: LifecycleEvent): void {
    for (const subscription of subscriptions ?? []) {
      const { listener } = subscription;
      try {
        const answer = outsideExecutions(() => listener(event));
        if (answer instanceof Promise)
          answer.catch((error: unknown) => this.fail(subscription, event, error));
      } catch (error) {
        this.fail(subscription, event, error);
      }
    }
  }

  private fail(subscription: Subscription, { name, at }: LifecycleEvent, error: unknown): void {
    const failures = ++subscription.failures;
    const { source, toldAt } = subscription;
    if (toldAt !== null && at - toldAt < QUIET_MS) return;
    subscription.toldAt = at;
    this.failed({ source, event: name, error, failures });
  }
}

/** Throws `ConfigurationError` for a name that no event has, and for a listener that cannot be called. */
export function assertListens(name: unknown, listener: unknown): void {
  const option = `app.on('${String(name).slice(0, 60)}')`;
  if (typeof name !== 'string' || !isListenable(name))
    throw new ConfigurationError([
      {
        option,
        found: 'no lifecycle event has that name',
        write: writeOneOf(String(name), [...LIFECYCLE_EVENT_NAMES, 'custom.<name>', '*']),
      },
    ]);
  if (typeof listener !== 'function')
    throw new ConfigurationError([
      { option, found: `its listener is ${typeof listener}`, write: 'Write a function (event) => …' },
    ]);
}

function isListenable(name: string): boolean {
  return name === '*' || name.startsWith('custom.') || LIFECYCLE_EVENT_NAMES.includes(name);
}
