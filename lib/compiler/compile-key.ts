import { fieldAt } from '../model/field-path.js';
import type { PolicyKey } from '../model/policies.js';
import { show } from './show.js';

const PATH_SHAPE = /^[^.\s]+(\.[^.\s]+)*$/;
const LONGEST_PATH = 200;

/** A key, as the path of a field or a function; null: none was written, or it cannot be read. */
export function compileKey(key: unknown, refuse: (found: string, write: string) => void): PolicyKey | null {
  if (key === undefined) return null;
  if (typeof key === 'function') return Object.freeze({ path: null, of: key as PolicyKey['of'] });
  if (typeof key === 'string' && key.length <= LONGEST_PATH && PATH_SHAPE.test(key))
    return Object.freeze({ path: key, of: (value: unknown) => fieldAt(value, key) });
  refuse(`key: ${show(key)}`, "Write the path of a field, 'customer.id', or a function of the arguments");
  return null;
}
