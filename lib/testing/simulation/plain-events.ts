import type { HandledEvents } from '../../dispatch/handler-starts.js';
import type { WorkerDefinition } from '../../model/definition.js';
import type { EventDefinition } from '../../ports/event-checker.js';
import type { EventRestorer } from '../../step/pass-services.js';

/** Events without schemas: what was stored is what handlers receive. */
export const plainEvents: EventRestorer = {
  restore: (_, data) => data,
  know: () => null,
  recheck: (_, data) => data,
  revive: (_, data) => data,
};

/** Handlers of hand-written definitions; what they are called with is the first event that they take. */
export function plainHandled(workers: readonly WorkerDefinition[]): HandledEvents {
  return {
    handlerOf: (type, method) => {
      const worker = workers.find((each) => each.type === type);
      const handler = worker?.handlers.find((each) => each.method === method);
      if (handler === undefined) throw new TypeError(`no worker has the handler ${method}`);
      return { id: handler.id, events: handler.routes.map(({ event }) => event) };
    },
    eventOf: ({ events }, data) => ({ definition: plainEvent(events[0] ?? ''), data }),
  };
}

function plainEvent(name: string): EventDefinition {
  return {
    name,
    families: [],
    checker: { schemaHash: null, check: (data) => ({ ok: true, data }), restore: (data) => data },
  };
}
