import type { HandlerDefinition, WorkerDefinition } from '../model/definition.js';
import { DefinitionError } from '../model/errors-boot.js';
import type { DebouncePolicy } from '../model/keyed.js';

/** A method with `@Debounce`. */
export interface OwnDebounce {
  readonly worker: WorkerDefinition;
  readonly handler: HandlerDefinition;
  readonly policy: DebouncePolicy;
}

/** The one of that worker; `method` undefined: its only one. Throws `DefinitionError`. */
export function ownDebounce(worker: WorkerDefinition, method: string | undefined): OwnDebounce {
  const all = worker.handlers.flatMap((handler): OwnDebounce[] =>
    handler.keyed?.kind === 'debounce' ? [{ worker, handler, policy: handler.keyed }] : [],
  );
  const found = method === undefined ? all : all.filter(({ handler }) => handler.method === method);
  const [first] = found;
  if (first !== undefined && found.length === 1) return first;
  throw new DefinitionError([
    {
      class: worker.type.name,
      member: method ?? null,
      found:
        found.length > 1
          ? 'debounce() names no method, and there are several with @Debounce'
          : 'it has no @Debounce',
      write:
        all.length > 0
          ? `Name one of ${all.map(({ handler }) => `'${handler.method}'`).join(', ')}`
          : "Write @Debounce(SomeEvent, { key: 'id', flushAfter: '5s' }) on the method",
    },
  ]);
}
