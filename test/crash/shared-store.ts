import { type Dispatcher, sqliteStore, type Store } from 'holdfast';

/** What the processes of one scene share. */
export interface Shared {
  readonly store: Store;
  /** Absent: each process looks into the store. */
  readonly dispatcher?: Dispatcher;
}

/** What lies at a location that processes can be told of: `sqlite:<file>`. */
export function sharedAt(location: string): Shared {
  const at = location.indexOf(':');
  const [kind, rest] = [location.slice(0, at), location.slice(at + 1)];
  if (kind === 'sqlite') return { store: sqliteStore(rest) };
  throw new TypeError(`no store is known at '${location}'`);
}
