import type { MethodMetadata } from '../metadata/class-metadata.js';
import type { ClassMistakes } from './mistake-log.js';
import { show } from './show.js';

/** New names of a class's steps by their old ones. Notes old names that mean something else. */
export function compileRenames(
  methods: ReadonlyMap<string, MethodMetadata>,
  mistakes: ClassMistakes,
): ReadonlyMap<string, string> {
  const renames = new Map<string, string>();
  for (const [name, { renamedFrom, step, compensates, subscriptions }] of methods) {
    if (renamedFrom.length > 0 && subscriptions.length > 0)
      mistakes.add(
        name,
        '@RenamedFrom stands on a handler, which cannot be renamed while executions are in flight: they belong to it by its name',
        "Keep the former name, or let the processes of the old deploy finish first; 'npx holdfast check' tells what is in flight",
      );
    else if (renamedFrom.length > 0 && step === null && compensates === null)
      mistakes.add(name, '@RenamedFrom stands on a method that is no step', 'Write it on the step');
    for (const old of renamedFrom) {
      const taken = renames.get(old);
      const refuse = (why: string, write: string): void =>
        mistakes.add(name, `@RenamedFrom has ${show(old)}${why}`, write);
      const current = methods.get(old);
      if (typeof old !== 'string' || old === '') refuse('', 'Name the step as it was: a method name');
      else if (current !== undefined && (current.step !== null || current.compensates !== null))
        refuse(', which is still a step of this class', 'Leave it out, or give that step another name');
      else if (taken === name) refuse(' twice', 'Name it once');
      else if (taken !== undefined)
        refuse(`, and so has '${taken}'`, 'Leave it on the step that took its place');
      else renames.set(old, name);
    }
  }
  return renames;
}
