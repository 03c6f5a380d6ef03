import type { HandlerDefinition } from './definition.js';
import { InvalidEventError } from './errors-event.js';
import { instanceName, type KeyedKind } from './keyed.js';
import { keyText } from './mailbox.js';
import { messageOf } from './message-of.js';
import type { PolicyKey } from './policies.js';

/** Who owns the instances, or the batches, of a keyed handler. */
export function ownerOf({ id, worker, keyed }: HandlerDefinition): string {
  return keyed?.kind === 'actor' ? worker : id;
}

/** Behind which gate the turn of that event queues; null: it is no turn of an instance. Throws `InvalidEventError`. */
export function turnGate(handler: HandlerDefinition, eventName: string, event: unknown) {
  if (handler.keyed?.kind !== 'actor') return null;
  const key = keyRuleOf(handler, eventName);
  if (key === null) return null;
  return instanceGate(instanceName('actor', ownerOf(handler), keyIn(key, eventName, event, handler)));
}

/** Turns of one instance, and batches of one key, are one at a time, each to its end. `name`: the instance's, or the batch's. */
export function instanceGate(name: string) {
  return { name, limit: 1, untilEnd: true } as const;
}

/** Where events of that name have the key; null: nowhere. */
export function keyRuleOf({ keyed, routes }: HandlerDefinition, eventName: string): PolicyKey | null {
  if (keyed === undefined || keyed.kind === 'recurring') return null;
  // A member of a union may have come by the route of the whole.
  const route =
    routes.find(({ event }) => event === eventName) ?? routes.find(({ event }) => event.startsWith('*'));
  return route?.key ?? keyed.key;
}

/** Whose key it is: the definition of the handler that the event is for. */
export type KeyOwner = Pick<HandlerDefinition, 'id'> & {
  readonly keyed?: { readonly kind: KeyedKind };
};

/** The key of the event as text. Throws `InvalidEventError` when it has none. */
export function keyIn(
  { path, of }: Pick<PolicyKey, 'path' | 'of'>,
  eventName: string,
  event: unknown,
  { id, keyed }: KeyOwner,
): string {
  const decorator = keyed?.kind === 'debounce' ? '@Debounce' : '@Actor or @OnEvent';
  const refuse = (found: string, or = ''): InvalidEventError =>
    new InvalidEventError(eventName, [
      {
        path: path ?? '',
        message: `${found}: give text that is not empty, a number or a boolean${or} (the key that ${decorator} names for '${id}')`,
      },
    ]);
  let value: unknown;
  try {
    value = of(event as never);
  } catch (error) {
    throw refuse(`the key function threw (${messageOf(error)})`);
  }
  const text = keyText(value);
  if (text !== null) return text;
  if (path === null) throw refuse('the key function gave no key');
  if (value !== undefined) throw refuse('is the key');
  throw refuse('is missing, and is the key', ', or correct the path if the event has no such field');
}
