import type { MethodMetadata } from '../metadata/class-metadata.js';
import { writeOneOf } from '../model/near-names.js';
import { isHandlerMethod } from './check-methods.js';
import type { ClassMistakes } from './mistake-log.js';
import { show } from './show.js';

/** The compensations of a class: each by the name of the step it undoes. Notes those that cannot undo anything. */
export function compileCompensations(
  methods: ReadonlyMap<string, MethodMetadata>,
  mistakes: ClassMistakes,
): ReadonlyMap<string, string> {
  const compensations = new Map<string, string>();
  for (const [name, { compensates }] of methods) {
    if (compensates === null) continue;
    checkCompensated(name, compensates, methods, mistakes);
    const other = compensations.get(compensates);
    if (other === undefined) compensations.set(compensates, name);
    else
      mistakes.add(
        name,
        `@Compensate names '${compensates}', which '${other}' undoes already`,
        'Write one compensation for each step, and let it call what else is to be done',
      );
  }
  return compensations;
}

function checkCompensated(
  name: string,
  compensates: unknown,
  methods: ReadonlyMap<string, MethodMetadata>,
  mistakes: ClassMistakes,
): void {
  const refuse = (why: string, write: string): void =>
    mistakes.add(name, `@Compensate names ${show(compensates)}, ${why}`, write);
  if (typeof compensates !== 'string' || compensates === '') {
    mistakes.add(
      name,
      `@Compensate has ${show(compensates)}`,
      "Name a step of the class: @Compensate('charge')",
    );
    return;
  }
  const method = methods.get(compensates);
  if (method !== undefined && method.step !== null) return;
  if (method !== undefined && method.compensates !== null)
    refuse('a compensation itself', 'Name the step to undo: what undoes is not undone');
  else if (method !== undefined && isHandlerMethod(method))
    refuse('a handler', 'Name a step: move what is to be undone into one');
  else {
    const steps = [...methods].filter(([, { step }]) => step !== null).map(([step]) => step);
    refuse(
      'which is no step of this class',
      steps.length === 0 ? `Write @Step() on ${compensates}` : writeOneOf(compensates, steps.sort()),
    );
  }
}
