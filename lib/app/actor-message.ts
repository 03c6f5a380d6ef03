import { eventMetadataOf, metadataOf } from '../metadata/metadata-store.js';
import type { AnyClass } from '../metadata/class-metadata.js';
import type { WorkerDefinition } from '../model/definition.js';
import { ConfigurationError } from '../model/errors-boot.js';
import { isEventUnion } from '../model/event-source.js';
import { keyText } from '../model/mailbox.js';
import type { SendOptions } from './actor-types.js';
import { anything, optionMistakes, refuse, text } from './option-checks.js';
import { titleOf } from './source-title.js';

/** What a call of `send` asks for. */
export interface ActorMessage {
  /** The arguments of a publish. */
  readonly args: readonly unknown[];
  /** The id of the actor; null: the event has it. */
  readonly key: string | null;
  readonly waits: boolean;
}

/** Throws `ConfigurationError`. */
export function messageOf(definition: WorkerDefinition, options: SendOptions): ActorMessage {
  refuse(optionMistakes('send()', options, { id: anything, event: anything, eventId: text, wait: anything }));
  const { id, event, eventId, wait = true } = options;
  const publishOptions = eventId === undefined ? [] : [{ id: eventId }];
  return {
    args: [...eventArgs(definition, event), ...publishOptions],
    key: id === undefined ? null : actorKey('send()', id),
    waits: wait,
  };
}

/** The id that a call names, as text. Throws `ConfigurationError`. */
export function actorKey(call: string, id: unknown): string {
  const key = keyText(id);
  if (key !== null) return key;
  throw new ConfigurationError([
    { option: `${call}: id`, found: titleOf(id), write: 'Give the id of the actor: text that is not empty' },
  ]);
}

/** An instance and a member of a union say which event they are; of plain data it must be clear. */
function eventArgs(definition: WorkerDefinition, event: unknown): readonly unknown[] {
  const sources = sourcesOf(definition);
  if (typeof event === 'object' && event !== null) {
    if (eventMetadataOf(event.constructor as unknown as AnyClass) !== null) return [event];
    const [only] = sources;
    if (sources.length === 1 && !isEventUnion(only)) return [only, event];
    const { type } = event as { readonly type?: unknown };
    if (typeof type === 'string') return [event];
  }
  throw new ConfigurationError([
    {
      option: 'send(): event',
      found: `${titleOf(event)}, and ${definition.type.name} takes ${sources.map(titleOf).join(', ')}`,
      write:
        'Give an instance of the event class, or app.publish(SomeEvent, data): the event finds its actor',
    },
  ]);
}

function sourcesOf({ type }: WorkerDefinition): readonly unknown[] {
  const methods = [...metadataOf(type).methods.values()];
  return [
    ...new Set(methods.flatMap(({ subscriptions }) => subscriptions.flatMap(({ sources }) => sources))),
  ];
}
