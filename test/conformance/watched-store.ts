import type { Store, StoreContext } from '../../lib/ports/store.js';
import { GuaranteeViolatedError } from '../../lib/testing/simulation/guarantee-violated-error.js';
import { RecordModel } from '../../lib/testing/simulation/record-model.js';
import { WatchedStore } from '../../lib/testing/simulation/watched-store.js';

/** The store, each answer of which is what the reference model says; throws where it is not. */
export function watchedStore(store: Store, context: StoreContext): Store {
  const violated = (rule: string, what: string): never => {
    throw new GuaranteeViolatedError(rule, what);
  };
  return new WatchedStore(store, new RecordModel(() => context.clock.now(), violated), context);
}
