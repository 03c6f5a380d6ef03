import type { Checkpoint } from '../model/checkpoint.js';
import type { StepDefinition } from '../model/definition.js';
import { CompensationError } from '../model/errors-graph.js';
import { namesOf } from '../model/path.js';
import { NewRow } from '../step/new-row.js';
import type { Pass } from '../step/pass.js';
import { undoPath } from '../step/control-path.js';
import { undoSegment, type Undoing } from '../step/undo-rows.js';
import { beginDeclared } from './declared-call.js';
import { openRoot } from './handler.js';
import { ResultValue } from './node-value.js';
import { tellStep } from './tell-step.js';

/** What undoes a step: the method, and the object it is called on. */
export interface Undoer {
  readonly receiver: object;
  readonly definition: StepDefinition;
}

/**
 * A pass that undoes the results given, in their order, each once; then the execution ends as it would have without them. One
 * that cannot be undone parks it: a person has to look.
 */
export function runCompensations(
  pass: Pass,
  undoing: Undoing,
  undoers: ReadonlyMap<Checkpoint, Undoer>,
): void {
  const frame = openRoot(pass, true, undoing.since);
  const encodedName = undoSegment(undoing);
  const steps = undoers.entries();
  const next = (): void => {
    const step = steps.next();
    if (step.done === true) {
      const path = undoPath(pass.handler.method);
      pass.writes.hold(
        new NewRow(pass, path, 'completed', `${path}#${undoing.epoch}`, pass.services.clock.now(), 1),
      );
      pass.end({ kind: 'undone', status: undoing.status, error: undoing.error, reason: undoing.reason });
      return;
    }
    const [row, { receiver, definition }] = step.value;
    const value = new ResultValue(pass.services.codec, row.value);
    const path = `${row.path}/${encodedName}`;
    beginDeclared(frame, receiver, definition, encodedName, path, () => [value.take()], {
      completed: () => {
        tellStep(pass, 'step.compensated', row.path);
        next();
      },
      failed: (error) =>
        pass.end({
          kind: 'parked',
          error: new CompensationError(namesOf(row.path), definition.name, error),
        }),
      closes: () => null,
    });
  };
  next();
}
