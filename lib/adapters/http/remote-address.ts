import { isIPv6 } from 'node:net';

/** What servers hand on beside a `Request`, as far as it tells who sent it. */
interface ServerInfo {
  /** Whoever calls may say it. */
  readonly address?: unknown;
  /** Deno. */
  readonly remoteAddr?: { readonly hostname?: unknown };
  /** Hono's server for Node. */
  readonly incoming?: { readonly socket?: { readonly remoteAddress?: unknown } };
  /** Bun. */
  readonly requestIP?: (request: Request) => { readonly address?: unknown } | null;
}

/** The address of who sent the request, as its server tells it; null: it does not. */
export function remoteAddress(request: Request, server: unknown): string | null {
  if (typeof server !== 'object' || server === null) return null;
  const info = server as ServerInfo;
  const bun = typeof info.requestIP === 'function' ? info.requestIP(request)?.address : undefined;
  const told = [info.address, info.remoteAddr?.hostname, info.incoming?.socket?.remoteAddress, bun];
  return told.find((each): each is string => typeof each === 'string' && each !== '') ?? null;
}

export function isLoopbackAddress(address: string): boolean {
  return address === '::1' || /^(?:::ffff:)?127\./i.test(address);
}

/** Who sends from that address: of IPv6 its network, since each customer has one, with more addresses than can be counted. */
export function senderAt(address: string): string {
  const [bare = ''] = address.split('%', 1);
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(bare)) return bare;
  const [head = '', tail] = bare.split('::');
  const groups = groupsOf(head);
  const last = groupsOf(tail ?? '');
  const zeros = Array.from({ length: Math.max(0, 8 - groups.length - last.length) }, () => '0');
  const all = tail === undefined ? groups : [...groups, ...zeros, ...last];
  return all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}

/** The last two may be written as an address of IPv4. */
function groupsOf(part: string): readonly string[] {
  if (part === '') return [];
  return part.split(':').flatMap((group) => (group.includes('.') ? ['0', '0'] : [group]));
}
