import type { Store, StoreContext } from '../../lib/ports/store.js';
import { GuaranteeViolatedError } from '../../lib/testing/simulation/guarantee-violated-error.js';
import { RecordModel } from '../../lib/testing/simulation/record-model.js';
import { WatchedStore } from '../../lib/testing/simulation/watched-store.js';

/** The store, each answer of which is what the reference model says; throws where it is not. */
export function watchedStore(store: Store, context: StoreContext): Store {
  const violated = (rule: string, what: string): never => {
    throw new GuaranteeViolatedError(rule, what);
  };
  let latest = 0;
  const now = (): number => context.clock.now();
  const clock = { now, latest: () => (latest = Math.max(latest, now())) };
  return new WatchedStore(store, new RecordModel(clock, violated), context);
}
