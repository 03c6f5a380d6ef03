import { BUILT_IN, encodeName } from '../model/path.js';

/** The path under which a handler's return value is recorded when declared steps follow it. */
export function returnPath(method: string): string {
  return `${encodeName(method)}/${BUILT_IN}return`;
}
