import { type Dispatcher, sqliteStore, type Store } from 'holdfast';
import { bullmqDispatcher } from 'holdfast/bullmq';
import { redisStore } from 'holdfast/redis';

/** What the processes of one scene share. */
export interface Shared {
  readonly store: Store;
  /** Absent: each process looks into the store, which may tell it when. */
  readonly dispatcher?: Dispatcher;
}

/**
 * What lies at a location that processes can be told of: `sqlite:<file>`, `redis:<url>#<prefix>`, or `bullmq:<url>#<prefix>`,
 * where BullMQ hands out the work of a store on that Redis.
 */
export function sharedAt(location: string): Shared {
  const at = location.indexOf(':');
  const [kind, rest] = [location.slice(0, at), location.slice(at + 1)];
  if (kind === 'sqlite') return { store: sqliteStore(rest) };
  const [url = '', prefix = ''] = rest.split('#');
  const store = (): Store => redisStore({ url, prefix, durability: 'none' });
  if (kind === 'redis') return { store: store() };
  if (kind === 'bullmq')
    return { store: store(), dispatcher: bullmqDispatcher({ connection: url, prefix: `${prefix}-jobs` }) };
  throw new TypeError(`no store is known at '${location}'`);
}
