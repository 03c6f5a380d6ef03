import type { StateSource } from '../model/state-source.js';

/** Whether it is a class or a Standard Schema. */
export function isStateSource(state: unknown): state is StateSource {
  const isSchema =
    ((typeof state === 'object' && state !== null) || typeof state === 'function') && '~standard' in state;
  return isSchema || (typeof state === 'function' && typeof state.prototype === 'object');
}
