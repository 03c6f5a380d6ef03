import { createHash } from 'node:crypto';

/** Clients that are remembered, at most: one that is forgotten has its whole limit again. */
const MOST_CLIENTS = 10_000;
/** Longer names are kept as digests: what a request names itself is as long as it likes. */
const LONGEST_NAME = 64;
/** What dividing may have added. */
const ROUNDING_MS = 0.001;

/** How many requests one client may send. */
export interface ClientRate {
  readonly limit: number;
  readonly perMs: number;
  /** Null: by its address. */
  readonly by: ((request: Request) => string | null | undefined) | null;
}

/** Counts the requests of each client: `limit` at once, and from then on as many in each `perMs`. */
export class ClientRates {
  /** By client: until when its requests so far use its limit up. Who sent last comes last. */
  private readonly usedUntil = new Map<string, number>();

  constructor(private readonly rate: Pick<ClientRate, 'limit' | 'perMs'>) {}

  /** 0: the request is within the limit, and counts; else how long until one is, in ms. */
  take(client: string, now: number): number {
    const { limit, perMs } = this.rate;
    const name = client.length > LONGEST_NAME ? digestOf(client) : client;
    const usedUntil = Math.max(now, this.usedUntil.get(name) ?? now) + perMs / limit;
    const waitMs = usedUntil - perMs - now;
    if (waitMs > ROUNDING_MS) return waitMs;
    this.usedUntil.delete(name);
    this.usedUntil.set(name, usedUntil);
    this.forget(now);
    return 0;
  }

  /** How many clients are remembered. */
  get size(): number {
    return this.usedUntil.size;
  }

  private forget(now: number): void {
    for (const [oldest, until] of this.usedUntil) {
      if (this.usedUntil.size <= MOST_CLIENTS && until > now) return;
      this.usedUntil.delete(oldest);
    }
  }
}

function digestOf(name: string): string {
  return createHash('sha256').update(name).digest('base64');
}
