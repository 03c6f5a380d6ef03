/** What the server keeps when it dies, from the most to the least. */
export type Durability = 'always' | 'everysec' | 'none';

const order: readonly Durability[] = ['none', 'everysec', 'always'];

export function isWeaker(found: Durability, wanted: Durability): boolean {
  return order.indexOf(found) < order.indexOf(wanted);
}

/** What survives what, for logs and benchmarks. */
export function survives(found: Durability): string {
  switch (found) {
    case 'always':
      return 'appendfsync always (survives a power cut of the server, not a failover)';
    case 'everysec':
      return 'appendfsync everysec (a power cut of the server loses up to two seconds)';
    case 'none':
      return 'no append-only file (a crash of the server loses all since its last snapshot)';
  }
}
