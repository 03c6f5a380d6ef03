import { recordTwice } from './record-class.js';
import { methodDecorator } from './method-decorator.js';

/**
 * Tells the names under which a step was recorded before: executions in flight go on with what they have. It may go once
 * none is left that began before the rename.
 *
 * @example
 * @Step({ after: 'fulfil' })
 * @RenamedFrom('charge')
 * takePayment(order: Order) { … }
 */
export function RenamedFrom(
  ...names: readonly [string, ...string[]]
): (target: object, method: string | symbol, descriptor: PropertyDescriptor) => void {
  return methodDecorator('RenamedFrom', names, (found) => {
    if (found.method.renamedFrom.length > 0) recordTwice(found.record, found.type, found.name, 'RenamedFrom');
    if ((names as readonly string[]).length === 0)
      found.record.mistakes.push({
        class: found.type.name,
        member: found.name,
        found: '@RenamedFrom names nothing',
        write: "Name the step as it was: @RenamedFrom('charge')",
      });
    found.method.renamedFrom = [...names];
  });
}
