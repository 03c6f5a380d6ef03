import { NonRetryableError } from '../model/errors-step.js';
import type { AnewCall } from '../ports/current-execution.js';
import type { Frame } from './frame.js';
import { repeatsJournal } from './repeats-journal.js';

/** Why the body may not end the turn of its execution; null: it may. */
export function whyNotAnew({ pass, parent }: Frame): Error | null {
  if (parent !== null)
    return new NonRetryableError(
      `${pass.handler.id} called continueAsNew() in a step or in a branch of race(): it ends the handler's turn. Call it in the handler itself`,
    );
  if (pass.handler.routes.length === 0 || pass.handler.keyed !== undefined)
    return new NonRetryableError(
      `${pass.handler.id} called continueAsNew(), and is no @OnEvent method of a plain worker: its turns are begun by its schedule or its messages. Return instead`,
    );
  if (pass.handler.declared.length > 0)
    return new NonRetryableError(
      `${pass.handler.id} called continueAsNew(), and declared steps follow it: they would never run. Return instead, or call the steps from the handler`,
    );
  return null;
}

/**
 * The handler's turn ends when its calls have ended, as it does with a return; the execution goes on with other data. What is
 * wrong with the data is told as a failed call tells it: `refused`.
 */
export function continueAsNew(
  frame: Frame,
  call: AnewCall,
  refused: (error: unknown) => Promise<never>,
): Promise<never> {
  const { pass } = frame;
  const { handlers } = pass.services.publisher();
  pass.writes.underWay++;
  frame.callBegan();
  const promise = handlers
    .nextTurn(pass.handler, call)
    .finally(() => pass.writes.underWay--)
    .then(
      (next) => {
        if (frame.isDead) return;
        frame.next ??= next;
        const hasReturned = frame.hasReturned;
        frame.callSettled(frame.time, null);
        if (!hasReturned) endBody(frame);
        pass.scheduleCheck();
      },
      (error: unknown) => {
        const failed = refused(error);
        frame.callSettled(frame.time, null);
        return failed;
      },
    )
    .then((failed) => failed ?? new Promise<never>(() => {}));
  promise.catch(() => {});
  return promise;
}

/** The body waits for ever from here on. */
function endBody(frame: Frame): void {
  if (frame.outstanding === 0) end(frame);
  else frame.returned(() => end(frame));
}

function end(frame: Frame): void {
  const { pass, next, lateFailure } = frame;
  if (pass.isClosing) {
    pass.scheduleCheck();
    return;
  }
  if (lateFailure !== null) pass.end({ kind: 'threw', error: lateFailure.error });
  else if (next !== null && repeatsJournal(frame)) pass.end({ kind: 'renewed', next });
  pass.bodyEnded(frame);
}
