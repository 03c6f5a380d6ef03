import { durable } from './durable-method.js';
import { recordTwice } from './record-class.js';
import { methodDecorator } from './method-decorator.js';
import type { Method, UnknownName, ValueOf } from './step-target.js';
import type { IsUnstorable } from './storable.js';

/** Checks the method against the value of the step that it undoes. */
export type CompensateDecorator<Name extends string> = <Target, M extends Method>(
  target: CompensateTarget<Name, Target, M>,
  method: string | symbol,
  descriptor: TypedPropertyDescriptor<M>,
) => void;

/** The class itself, or a sentence that says what does not fit. */
export type CompensateTarget<Name extends string, Target, M extends Method> = [
  UnknownName<Target, Name>,
] extends [never]
  ? M extends (value: ValueOf<Target, Name>) => unknown
    ? [IsUnstorable<Awaited<ReturnType<M>>>] extends [true]
      ? 'the result of this compensation cannot be stored: return plain data'
      : Target
    : `this method does not take what '${Name}' returns as its only parameter`
  : `'${Name}' is no public method of this class`;

/**
 * Undoes a step of the class: when the execution has failed for good or was cancelled, the compensations of what completed
 * run in reverse order of completion, each once with the value of what it undoes; of a fan-out once for each item. It is
 * a step itself: stored, and retried by its own `@Retry`. Where it fails for good the execution is parked.
 *
 * @example
 * @Step()
 * charge(order: Order): Promise<Receipt> { … }
 *
 * @Compensate('charge')
 * refund(receipt: Receipt) { return this.payments.refund(receipt.id); }
 */
export function Compensate<Name extends string>(step: Name): CompensateDecorator<Name> {
  return methodDecorator('Compensate', arguments, (found) => {
    if (found.method.compensates !== null) recordTwice(found.record, found.type, found.name, 'Compensate');
    found.method.compensates = step;
    found.descriptor.value = durable(found);
  });
}
