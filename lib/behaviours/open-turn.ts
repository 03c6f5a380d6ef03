import type { Pass } from '../step/pass.js';
import type { Turn } from '../step/turn.js';

/**
 * Opens the turn that the pass is: null when its handler has no instances. Without a gate, nobody knows yet of which
 * instance: it is asked again in a later pass. Rejects when the store does not answer.
 */
export async function openTurn({ handler, record, services }: Pass): Promise<Turn | null> {
  const { keyed } = handler;
  if (keyed === undefined || record.gate === null) return null;
  switch (keyed.kind) {
    case 'actor':
    case 'recurring':
      await services.instances.instance(record.gate);
      return null;
    case 'debounce':
      return null;
  }
}
