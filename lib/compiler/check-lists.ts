import type { AnyClass } from '../metadata/class-metadata.js';
import { reflection } from '../metadata/reflection.js';
import type { DeclaredStep } from '../model/declared-step.js';
import type { ClassMistakes } from './mistake-log.js';
import { show } from './show.js';

/**
 * Notes steps that take one result where a predecessor with `each` gives the list of them: a method's type does not tell
 * that, so it compiles. Only builds that emit types show it; `Object` stands there for whatever is no class.
 */
export function checkLists(type: AnyClass, declared: readonly DeclaredStep[], mistakes: ClassMistakes): void {
  const fanOuts = new Set(declared.filter(({ each }) => each !== null).map(({ name }) => name));
  if (fanOuts.size === 0) return;
  for (const step of declared) {
    if (step.each !== null) continue;
    const types = parameterTypes(type, step.name);
    for (const [at, name] of step.after.entries()) {
      const parameter = types[step.join === 'any' ? 0 : at];
      if (!fanOuts.has(name) || typeof parameter !== 'function' || isForLists(parameter)) continue;
      mistakes.add(
        step.name,
        `it receives the list of results of '${name}', which has each, but its parameter${types.length > 1 ? ` ${at + 1}` : ''} is ${show(parameter)}`,
        `Write an array of it: (results: ${written(parameter)}[])`,
      );
    }
  }
}

function parameterTypes(type: AnyClass, method: string): readonly unknown[] {
  const types = reflection.getMetadata?.('design:paramtypes', type.prototype, method);
  return Array.isArray(types) ? types : [];
}

function isForLists(type: unknown): boolean {
  return type === Object || type === Array;
}

function written(type: unknown): string {
  const isPrimitive = type === String || type === Number || type === Boolean;
  return isPrimitive ? show(type).toLowerCase() : show(type);
}
