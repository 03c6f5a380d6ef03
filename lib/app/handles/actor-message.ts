import { metadataOf } from '../../metadata/metadata-store.js';
import type { WorkerDefinition } from '../../model/definition.js';
import { isSchemaEvent } from '../../model/event-source.js';
import type { SendOptions } from './actor-types.js';
import { publishArguments } from '../publishing/publish-arguments.js';
import { givenKey } from './given-key.js';
import { anything, optionMistakes, refuse, text } from '../options/option-checks.js';

/** What a call of `send` asks for. */
export interface ActorMessage {
  /** The arguments of a publish. */
  readonly args: readonly unknown[];
  /** The id of the actor; null: the event has it. */
  readonly key: string | null;
  readonly waits: boolean;
}

/** Of `send(event, data, options)`, or of `send(options)` with the event in it. Throws `ConfigurationError`. */
export function messageOf(
  definition: WorkerDefinition,
  [first, data, rest = {}]: readonly unknown[],
): ActorMessage {
  const isSource = typeof first === 'function' || typeof first === 'string' || isSchemaEvent(first);
  if (!isSource) return messageFrom(definition, first as SendOptions);
  const others = { id: anything, eventId: text, wait: anything };
  refuse(optionMistakes('send()', rest as object, others));
  const options = rest as Omit<SendOptions, 'event'>;
  return addressed([first, data], options);
}

function messageFrom(definition: WorkerDefinition, options: SendOptions): ActorMessage {
  refuse(
    optionMistakes('send()', options, { id: anything, event: anything, eventId: text, wait: anything }, [
      'event',
    ]),
  );
  const { name } = definition.type;
  const taker = { call: 'send()', name, sources: sourcesOf(definition), finds: 'actor' } as const;
  return addressed(publishArguments(options.event, taker), options);
}

function addressed(
  event: readonly unknown[],
  { id, eventId, wait = true }: Omit<SendOptions, 'event'>,
): ActorMessage {
  const publishOptions = eventId === undefined ? [] : [{ id: eventId }];
  return {
    args: [...event, ...publishOptions],
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
