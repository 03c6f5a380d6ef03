import { compileWorkers } from '../../compiler/compile-workers.js';
import type { HandledBy, HandledEvents } from '../../dispatch/handler-starts.js';
import { eventMetadataOf, metadataOf } from '../../metadata/metadata-store.js';
import type { AnyClass } from '../../metadata/class-metadata.js';
import type { HandlerDefinition, WorkerClass, WorkerDefinition } from '../../model/definition.js';
import { DefinitionError } from '../../model/errors-boot.js';
import { UnknownEventError } from '../../model/errors-event.js';
import { NonRetryableError } from '../../model/errors-step.js';
import { familyRoute } from '../../model/event-source.js';
import { writeOneOf } from '../../model/near-names.js';
import type { EventDefinition } from '../../ports/event-checker.js';
import type { EventSources } from './event-sources.js';
import { titleOf } from './source-title.js';

/** Handlers by class and method, of workers of this app and of those that other processes run. */
export function handledEvents(
  sources: EventSources,
  known: (type: WorkerClass) => WorkerDefinition | null,
): HandledEvents {
  return {
    async handlerOf(type, method) {
      const { id, handlers } = definitionOf(type as WorkerClass, known);
      const handler = handlers.find((each) => each.method === method && each.schedule === undefined);
      if (handler === undefined)
        throw new NonRetryableError(
          `run(${(type as WorkerClass).name}, '${method}') names no @OnEvent method of '${id}'${whyNot(
            method,
            handlers,
          )}`,
        );
      if (known(type as WorkerClass) === null) await register(type as WorkerClass, method, sources);
      return { id: handler.id, events: handler.routes.map(({ event }) => event) };
    },

    async eventOf(handler, data, said) {
      if (said === null || said.event === null) return eventOf(sources, handler, data);
      if (!handler.events.includes(said.event)) throw notTaken(handler, said.event);
      await sources.know(said.source);
      const definition = sources.definitionOf(said.event);
      if (definition === null)
        throw new UnknownEventError(`'${said.event}'`, 'nothing tells what it carries');
      return { definition, data };
    },
  };
}

/** Methods that run by a schedule take no event. */
function whyNot(method: string, handlers: readonly HandlerDefinition[]): string {
  if (handlers.some((each) => each.method === method && each.schedule !== undefined))
    return ': it has @Every. Write a method with @OnEvent that calls the same, and run that';
  const able = handlers.filter(({ schedule }) => schedule === undefined).map((each) => each.method);
  return able.length === 0 ? ': it has none' : `. ${writeOneOf(method, able)}`;
}

function definitionOf(
  type: WorkerClass,
  known: (type: WorkerClass) => WorkerDefinition | null,
): WorkerDefinition {
  const [definition] = typeof type === 'function' ? [known(type) ?? compileWorkers([type])[0]] : [];
  if (definition !== undefined) return definition;
  throw new DefinitionError([
    {
      class: titleOf(type),
      member: null,
      found: 'it is no worker',
      write: 'Write run(Worker, method, data)',
    },
  ]);
}

async function register(type: WorkerClass, method: string, sources: EventSources): Promise<void> {
  for (const subscription of metadataOf(type).methods.get(method)?.subscriptions ?? [])
    for (const source of subscription.sources) await sources.register(source);
}

/** An instance is of its class; other data of the only event, or of the one that its `type` names. */
async function eventOf(
  sources: EventSources,
  { id, events }: HandledBy,
  data: unknown,
): Promise<{ readonly definition: EventDefinition; readonly data: unknown }> {
  const [only] = events;
  const isInstance = isObject(data) && eventMetadataOf(data.constructor as AnyClass) !== null;
  if (!isInstance && events.length === 1 && only !== undefined && !only.startsWith(familyRoute(''))) {
    const definition = sources.definitionOf(only);
    if (definition !== null) return { definition, data };
    throw new UnknownEventError(
      `'${only}'`,
      `${id} takes it by its bare name, and nothing tells what it carries`,
    );
  }
  const type = isObject(data) ? (data as { readonly type?: unknown }).type : undefined;
  if (!isInstance && typeof type !== 'string')
    throw new NonRetryableError(`${id} takes several events: give it an instance of one of their classes`);
  const resolved = await sources.resolve([data]);
  const { name, families } = resolved.definition;
  if (events.includes(name) || families.some((family) => events.includes(family))) return resolved;
  throw notTaken({ id, events }, name);
}

function notTaken({ id, events }: HandledBy, name: string): NonRetryableError {
  return new NonRetryableError(`${id} does not take event '${name}'. It takes ${events.join(', ')}`);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
