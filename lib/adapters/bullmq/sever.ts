/** A queue, worker or event stream of BullMQ. */
export interface Severable {
  getBackend(): object;
}

/** What we use of a client, which BullMQ makes and does not hand out before it was connected. */
interface Client {
  readonly status: string;
  readonly isCluster?: boolean;
  on(event: 'error', listener: () => void): unknown;
  connect(): Promise<unknown>;
  disconnect(): void;
}

/**
 * Ends the connections that BullMQ has made for `one`, whatever state they are in: what waits for them is rejected, and none
 * comes back. A client of the user stays as it is.
 */
export function sever(one: Severable): void {
  const backend = one.getBackend();
  for (const name of ['blockingConnection', 'connection']) {
    const connection: unknown = Reflect.get(backend, name);
    if (typeof connection !== 'object' || connection === null || isShared(connection)) continue;
    const client: unknown = Reflect.get(connection, '_client');
    if (isClient(client)) end(client);
  }
}

function end(client: Client): void {
  // Without a listener the package prints what goes wrong.
  client.on('error', () => undefined);
  const isAway = !['connecting', 'connect', 'ready', 'wait'].includes(client.status);
  client.disconnect();
  if (!isAway || client.isCluster === true) return;
  // Between two tries a client only forgets the next one, and what waits for its end waits for ever. A try that is given up
  // before it begins ends it as it should.
  client.connect().catch(() => undefined);
  client.disconnect();
}

function isShared(connection: object): boolean {
  const extra: unknown = Reflect.get(connection, 'extraOptions');
  return typeof extra === 'object' && extra !== null && Reflect.get(extra, 'shared') === true;
}

function isClient(value: unknown): value is Client {
  if (typeof value !== 'object' || value === null) return false;
  return ['on', 'connect', 'disconnect'].every((name) => typeof Reflect.get(value, name) === 'function');
}
