import { metadataOf } from '../metadata/metadata-store.js';
import type { WorkerDefinition } from '../model/definition.js';
import type { SendOptions } from './actor-types.js';
import { publishArguments } from './publish-arguments.js';
import { givenKey } from './given-key.js';
import { anything, optionMistakes, refuse, text } from './option-checks.js';

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
  const { name } = definition.type;
  const taker = { call: 'send()', name, sources: sourcesOf(definition), finds: 'actor' } as const;
  const publishOptions = eventId === undefined ? [] : [{ id: eventId }];
  return {
    args: [...publishArguments(event, taker), ...publishOptions],
    key: id === undefined ? null : givenKey('send()', id, 'id of the actor'),
    waits: wait,
  };
}

function sourcesOf({ type }: WorkerDefinition): readonly unknown[] {
  const methods = [...metadataOf(type).methods.values()];
  return [
    ...new Set(methods.flatMap(({ subscriptions }) => subscriptions.flatMap(({ sources }) => sources))),
  ];
}
