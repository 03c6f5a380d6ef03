import type { HandlerDefinition } from '../model/definition.js';
import { fieldAt } from '../model/field-path.js';
import { batchName, batchPlace } from '../behaviours/batch-place.js';
import { instanceGate, keyIn, keyRuleOf, ownerOf } from '../model/instance-key.js';
import { instanceName, type RoutingRule } from '../model/keyed.js';
import { laneOf } from '../model/lane.js';
import type { Subscription } from '../ports/store.js';
import type { Collect, Gate } from '../ports/store-write.js';

/** What is to be placed: an event for a handler that shares a key. */
export interface KeyedEvent {
  readonly name: string;
  /** As handlers receive it; asked where the key is read from it. */
  readonly value: () => unknown;
  /** The encoded payload. */
  readonly input: string;
  readonly schemaHash: string | null;
  readonly session: string | null;
  /** The key, where the caller names it. */
  readonly key: string | null;
  /** It begins at a later instant: it is collected then. */
  readonly isDelayed: boolean;
  /** `limits.bufferedEvents`. */
  readonly bufferedEvents: number;
}

/** Where the execution of an event waits for those that share its key. */
export interface KeyedPlace {
  readonly gate: Gate | null;
  readonly lane: string;
  readonly collect?: Collect;
}

/**
 * By the handler where this process has it, else by the rule that its process wrote. Null: it shares no key. Where only the
 * class can tell the key, there is no gate yet: the first pass finds it. Throws `InvalidEventError` for an event without key.
 */
export function keyedPlaceOf(
  handler: HandlerDefinition | null,
  { definition, worker, rule }: Subscription,
  event: KeyedEvent,
): KeyedPlace | null {
  const known = handler === null ? null : { keyed: ruleOf(handler, event.name), owner: ownerOf(handler) };
  const keyed = known === null ? parsed(rule) : known.keyed;
  if (keyed === null) return null;
  const owner = known?.owner ?? (keyed.kind === 'actor' ? worker : definition.id);
  const lane = laneOf(event.session, definition.id);
  const key = event.key ?? keyOf(handler, { id: definition.id, keyed }, event);
  if (key === null) return { gate: null, lane };
  if (keyed.kind === 'actor') return { gate: instanceGate(instanceName('actor', owner, key)), lane };
  if (event.isDelayed) return { gate: null, lane };
  const item = { event: event.name, input: event.input, schemaHash: event.schemaHash };
  const name = batchName(owner, event.session, key);
  return { lane, ...batchPlace(name, keyed, item, event.bufferedEvents) };
}

function keyOf(
  handler: HandlerDefinition | null,
  { id, keyed }: { readonly id: string; readonly keyed: RoutingRule },
  event: KeyedEvent,
): string | null {
  const owner = handler ?? { id, keyed };
  const { key: path } = keyed;
  const rule = handler === null ? null : keyRuleOf(handler, event.name);
  if (rule !== null) return keyIn(rule, event.name, event.value(), owner);
  return path === null
    ? null
    : keyIn({ path, of: (value) => fieldAt(value, path) }, event.name, event.value(), owner);
}

/** What processes without the class are told of a handler's events of that name; null: they share no key. */
export function ruleOf(handler: HandlerDefinition, eventName: string): RoutingRule | null {
  const { keyed } = handler;
  if (keyed === undefined || keyed.kind === 'recurring') return null;
  const key = keyRuleOf(handler, eventName)?.path ?? null;
  if (keyed.kind === 'actor') return { kind: 'actor', key };
  const { flushAfterMs, slides, maxWaitMs, most } = keyed;
  return { kind: 'debounce', key, flushAfterMs, slides, maxWaitMs, most };
}

/** A rule that a newer version wrote, of a kind that is not known here, is none: the first pass finds the place. */
function parsed(rule: string | undefined): RoutingRule | null {
  if (rule === undefined) return null;
  const { kind } = JSON.parse(rule) as Partial<RoutingRule>;
  return kind === 'actor' || kind === 'debounce' ? (JSON.parse(rule) as RoutingRule) : null;
}
