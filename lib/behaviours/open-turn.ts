import type { Checkpoint } from '../model/checkpoint.js';
import { StoreUnavailableError } from '../model/errors-store.js';
import type { StoredInstance } from '../ports/stored-instance.js';
import type { Pass } from '../step/pass.js';
import type { PassServices } from '../step/pass-services.js';
import type { Turn } from '../step/turn.js';
import { ActorTurn } from './actor-turn.js';
import { RecurringTurn } from './recurring-turn.js';
import { BatchTurn } from './batch-turn.js';

/**
 * Opens the turn that the pass is: null when its handler has no instances. Without a gate, nobody knows yet of which
 * instance: it is asked again in a later pass. Rejects with `StoreUnavailableError` when the store does not answer.
 */
export async function openTurn(pass: Pass, journal: readonly Checkpoint[]): Promise<Turn | null> {
  const { handler, record, services, batch } = pass;
  const { keyed } = handler;
  if (keyed === undefined || record.gate === null) return null;
  switch (keyed.kind) {
    case 'actor':
      return new ActorTurn(pass, keyed, record.gate, await read(services, record.gate), journal);
    case 'recurring':
      if (handler.schedule === undefined) return null;
      return new RecurringTurn(pass, keyed, handler.schedule, record.gate, await read(services, record.gate));
    case 'debounce':
      return batch === null ? null : new BatchTurn(pass, keyed, record.gate, batch);
  }
}

async function read({ instances }: PassServices, name: string): Promise<StoredInstance | null> {
  try {
    return await instances.instance(name);
  } catch (error) {
    if (error instanceof StoreUnavailableError) throw error;
    throw new StoreUnavailableError(`the store did not give the instance '${name.slice(0, 200)}'`, error);
  }
}
