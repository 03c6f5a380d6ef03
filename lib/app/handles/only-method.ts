import type { HandlerDefinition, WorkerDefinition } from '../../model/definition.js';
import { DefinitionError } from '../../model/errors-boot.js';

/** What a call looks for among the methods of a worker, as its error says it. */
export interface WantedMethod {
  /** The call with its parentheses: `app.debounce()`. */
  readonly call: string;
  readonly decorator: string;
  /** What to write where no method has it. */
  readonly write: string;
}

/** The method of that name among those found; `method` undefined: the only one. Throws `DefinitionError`. */
export function onlyMethod<Found extends { readonly handler: HandlerDefinition }>(
  worker: WorkerDefinition,
  all: readonly Found[],
  method: string | undefined,
  { call, decorator, write }: WantedMethod,
): Found {
  const found = method === undefined ? all : all.filter(({ handler }) => handler.method === method);
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  throw new DefinitionError([
    {
      class: worker.type.name,
      member: method ?? null,
      found:
        found.length > 1
          ? `${call} names no method, and there are several with ${decorator}`
          : `it has no ${decorator}`,
      write:
        all.length > 0 ? `Name one of ${all.map(({ handler }) => `'${handler.method}'`).join(', ')}` : write,
    },
  ]);
}
