/**
 * Loaded with `--import` before a program: writes each file that it resolves, by `import` or `require`,
 * as a line to the file that the environment variable LOADS names.
 */
import { appendFileSync } from 'node:fs';
import Module, { register } from 'node:module';

const loads = process.env.LOADS;

const hooks = `
  import { appendFileSync } from 'node:fs';
  let loads;
  export const initialize = (data) => { loads = data; };
  export async function resolve(specifier, context, next) {
    const found = await next(specifier, context);
    appendFileSync(loads, found.url + '\\n');
    return found;
  }`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`, { data: loads });

const resolveFilename = Module._resolveFilename;
Module._resolveFilename = function record(...args) {
  const found = resolveFilename.apply(this, args);
  appendFileSync(loads, `${found}\n`);
  return found;
};
