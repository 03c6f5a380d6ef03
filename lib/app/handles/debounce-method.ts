import type { HandlerDefinition, WorkerDefinition } from '../../model/definition.js';
import type { DebouncePolicy } from '../../model/keyed.js';
import { onlyMethod } from './only-method.js';

/** A method with `@Debounce`. */
export interface DebounceMethod {
  readonly worker: WorkerDefinition;
  readonly handler: HandlerDefinition;
  readonly policy: DebouncePolicy;
}

/** The one of that name, or the only one. Throws `DefinitionError`. */
export function debounceMethod(worker: WorkerDefinition, method: string | undefined): DebounceMethod {
  const all = worker.handlers.flatMap((handler): DebounceMethod[] =>
    handler.keyed?.kind === 'debounce' ? [{ worker, handler, policy: handler.keyed }] : [],
  );
  return onlyMethod(worker, all, method, {
    call: 'app.debounce()',
    decorator: '@Debounce',
    write: "Write @Debounce(SomeEvent, { key: 'id', flushAfter: '5s' }) on the method",
  });
}
