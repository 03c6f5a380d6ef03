import type { EachOption, RouteOption, StepMetadata } from '../metadata/class-metadata.js';
import { type DeclaredStep, type FanOut, MOST_ITEMS, type RouteCondition } from '../model/declared-step.js';
import { writeOneOf } from '../model/near-names.js';
import type { ClassMistakes } from './mistake-log.js';
import { show } from './show.js';

const ITEMS_AT_ONCE = 10;
const EACH_OPTIONS = ['of', 'concurrency'];
const WRITE_AFTER = "Write after: 'fulfil' or after: ['reserve', 'charge'], the methods it follows";
const WRITE_LIST = 'Write a function that gives a list: (order: Order) => order.items';

type Refuse = (found: string, write: string) => void;

/** What `@Step({ after })` asks for; null: nothing, or what cannot be read. Notes options of the wrong kind. */
export function compileDeclared(
  name: string,
  step: StepMetadata,
  mistakes: ClassMistakes,
): DeclaredStep | null {
  const refuse: Refuse = (found, write) => mistakes.add(name, `@Step has ${found}`, write);
  if (step.after === null) {
    for (const option of ['join', 'when', 'each'] as const)
      if (step[option] !== null) refuse(`${option} but no after`, WRITE_AFTER);
    return null;
  }
  const after = compileAfter(step.after, refuse);
  const when = compileWhen(step.when, refuse);
  const each = compileEach(step.each, refuse);
  if (step.join !== null && step.join !== 'all' && step.join !== 'any')
    refuse(`join: ${show(step.join)}`, "Write 'all' or 'any'");
  if (step.join === 'any' && after?.length === 1)
    refuse("join: 'any' after one method", 'Leave join out, or name several methods in after');
  if (step.key !== null && step.each === null)
    refuse(
      'key and after, but runs once',
      'Leave key out: it tells the items of a fan-out or the calls of code apart',
    );
  if (after === null) return null;
  return Object.freeze({ name, after, join: step.join ?? 'all', when, each });
}

function compileAfter(after: string | readonly string[], refuse: Refuse): readonly string[] | null {
  const names: readonly unknown[] = Array.isArray(after) ? after : [after];
  if (names.length === 0) refuse('an empty list as after', WRITE_AFTER);
  const odd = names.filter((name) => typeof name !== 'string' || name === '');
  for (const name of odd) refuse(`after: ${show(name)}`, WRITE_AFTER);
  if (names.length === 0 || odd.length > 0) return null;
  const texts = names as readonly string[];
  for (const twice of new Set(texts.filter((name, at) => texts.indexOf(name) !== at)))
    refuse(`'${twice}' twice in after`, 'Name each method once');
  return Object.freeze([...new Set(texts)]);
}

function compileWhen(when: RouteOption | null, refuse: Refuse): RouteCondition | null {
  if (when === null) return null;
  if (when === 'otherwise') return Object.freeze({ kind: 'otherwise' });
  if (typeof when === 'function') return Object.freeze({ kind: 'predicate', test: when });
  refuse(`when: ${show(when)}`, "Write (order: Order) => order.total > 100, or 'otherwise'");
  return null;
}

function compileEach(each: EachOption | null, refuse: Refuse): FanOut | null {
  if (each === null) return null;
  if (typeof each === 'function') return Object.freeze({ of: each, concurrency: ITEMS_AT_ONCE });
  if (typeof each !== 'object') {
    refuse(`each: ${show(each)}`, WRITE_LIST);
    return null;
  }
  for (const option of Object.keys(each))
    if (!EACH_OPTIONS.includes(option))
      refuse(`each with the unknown option ${option}`, writeOneOf(option, EACH_OPTIONS));
  const { of, concurrency = ITEMS_AT_ONCE } = each;
  if (typeof of !== 'function') refuse(`each with of: ${show(of)}`, WRITE_LIST);
  if (!(Number.isInteger(concurrency) && concurrency >= 1 && concurrency <= MOST_ITEMS))
    refuse(`each with concurrency: ${show(concurrency)}`, `Write a whole number, 1 to ${MOST_ITEMS}`);
  return Object.freeze({ of, concurrency });
}
