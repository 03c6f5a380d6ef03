import type { EachOption, RouteOption } from '../metadata/class-metadata.js';
import { durable } from './durable-method.js';
import { recordTwice } from './record-class.js';
import { methodDecorator } from './method-decorator.js';
import { recordOptions } from './record-options.js';
import type { KeyOption, StepOptions } from './step-options.js';
import type { Method, StepTarget } from './step-target.js';

/**
 * Checks the method against the key function, what its predecessors return and what can be stored. A predecessor's type
 * does not tell whether it fans out: a parameter may take its value or the array of its values.
 */
export type StepDecorator<
  Key extends KeyOption,
  After extends string | readonly string[] = readonly [],
  Join extends 'all' | 'any' = 'all',
  When extends RouteOption = 'otherwise',
  Each extends EachOption = never,
> = <Target, M extends Method>(
  target: StepTarget<Key, After, Join, When, Each, Target, M>,
  method: string | symbol,
  descriptor: TypedPropertyDescriptor<M>,
) => void;

const OPTION_NAMES = [
  'key',
  'atMostOnce',
  'description',
  'after',
  'join',
  'when',
  'each',
] as const satisfies (keyof StepOptions)[];

/**
 * Makes a method durable. Called below a handler, its result is stored before the call returns, and a resume gives the
 * stored result instead of running it again. Called outside an execution it is the plain method.
 *
 * With `after` it runs by itself, once the methods it names are done, with their awaited values as its arguments; a class
 * whose methods do not fit each other does not compile.
 *
 * @example
 * @Step({ key: (user: User) => user.id })
 * welcome(user: User) { return this.mailer.send(user.email); }
 *
 * @example
 * @Step({ after: 'validate', each: (order: Order) => order.items })
 * reserve(item: Item) { return this.stock.reserve(item); }
 *
 * @Step({ after: ['validate', 'reserve'] })
 * ship(order: Order, reservations: Reservation[]) { … }
 */
export function Step<
  Key extends KeyOption = () => unknown,
  const After extends string | readonly string[] = readonly [],
  Join extends 'all' | 'any' = 'all',
  When extends RouteOption = 'otherwise',
  Each extends EachOption = never,
>(options: StepOptions<Key, After, Join, When, Each> = {}): StepDecorator<Key, After, Join, When, Each> {
  return methodDecorator('Step', arguments, (found) => {
    if (found.method.step !== null) recordTwice(found.record, found.type, found.name, 'Step');
    const place = { decorator: 'Step', record: found.record, type: found.type, member: found.name };
    const written: StepOptions = recordOptions(place, options, OPTION_NAMES) ? options : {};
    found.method.step = {
      key: written.key ?? null,
      atMostOnce: written.atMostOnce ?? false,
      description: written.description ?? null,
      after: written.after ?? null,
      join: written.join ?? null,
      when: written.when ?? null,
      each: written.each ?? null,
    };
    found.descriptor.value = durable(found);
  });
}
