import { createHash } from 'node:crypto';
import type { HintRoute } from '../../model/hint.js';

/** Of hints that do not say where they belong. No worker's queue has that name. */
export const UNROUTED = '#hints';
/** Names become parts of keys: longer ones are told by their hash. */
const LONGEST = 200;

/** The queue of a worker. */
export function workerQueue(definition: string): string {
  return part(definition.slice(0, definition.lastIndexOf('.')));
}

/** The queue of one session of a worker. */
function laneQueue(definition: string, session: string): string {
  return `${workerQueue(definition)}@${part(session)}`;
}

/** The queue of the worker that a session's queue is of; a worker's own is answered as it is. */
export function workerOfQueue(name: string): string {
  return name.replace(/@.*$/s, '');
}

/** The queue that a hint goes to, as long as there is one. */
export function queueOf(route: HintRoute | undefined, perSession: boolean): string {
  if (route === undefined) return UNROUTED;
  const { definition, session } = route;
  return perSession && session !== null ? laneQueue(definition, session) : workerQueue(definition);
}

/** The worker's id, as users write it. Of a hashed name it is that name. */
export function workerOf(queue: string): string {
  const name = workerOfQueue(queue);
  return name.startsWith('#') ? name : decodeURIComponent(name);
}

/** Distinct for distinct names, without `:`, `@`, `#` and `/`. */
function part(name: string): string {
  if (/\p{Surrogate}/u.test(name)) return hashOf(name);
  const encoded = encodeURIComponent(name);
  return encoded.length <= LONGEST ? encoded : hashOf(name);
}

function hashOf(name: string): string {
  return `#${createHash('sha256').update(name, 'utf16le').digest('hex')}`;
}
