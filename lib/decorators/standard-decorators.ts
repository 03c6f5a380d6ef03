import { DefinitionError } from '../model/errors-boot.js';

/**
 * Standard (TC39) decorators get a context object as second argument and know no parameter types. TypeScript refuses the
 * call; builds that do not check types would record nothing and fail later, far from the cause.
 */
export function refuseStandardDecorators(decorator: string, name: string, context: unknown): void {
  if (typeof context !== 'object' || context === null || !('kind' in context)) return;
  throw new DefinitionError([
    {
      class: name,
      member: null,
      found: `@${decorator} was compiled as a standard decorator`,
      write:
        'Set "experimentalDecorators" and "emitDecoratorMetadata" to true in tsconfig.json, and let the build read it',
    },
  ]);
}
