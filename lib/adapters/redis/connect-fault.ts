import { messageOf } from '../../model/message-of.js';

const DEFAULT_HOST = '127.0.0.1';
const DEFAULT_PORT = '6379';

/** What to look at, by how the fault begins that a server or the system words: for an address, and for a client of the user's. */
const ADVICE: readonly (readonly [begins: RegExp, ofUrl: string, ofClient: string])[] = [
  [
    /^(NOAUTH|.*HELLO must be called)/,
    'The server wants a password: write it in the url, redis://:password@host',
    'The server wants a password: give it to the client, new Redis({ password })',
  ],
  [
    /^(WRONGPASS|ERR .*(AUTH|invalid password))/,
    'Look at the user and the password in the url',
    'Look at the username and the password of the client',
  ],
  [
    /^NOPERM/,
    'Give the user of the url the permissions it lacks',
    'Give the user of the client the permissions it lacks',
  ],
  [
    /ECONNREFUSED/,
    'Look whether the server runs there, and at host and port in the url',
    'Look whether the server runs there, and at host and port of the client',
  ],
  [/ENOTFOUND|EAI_AGAIN/, 'Look at the host in the url', 'Look at the host of the client'],
  [
    /^the client is not connected/,
    '',
    'Wait for its connection first, or leave out enableOfflineQueue: false',
  ],
];

const OTHERWISE = [
  'Look whether the server runs there, at the url, and whether it is to be rediss:// (TLS)',
  'Look whether the server runs there, at host and port of the client, and whether it needs tls: {}',
] as const;

/** What ioredis says of a connection that does not work, and what that means. */
const MEANINGS: readonly (readonly [says: RegExp, means: string])[] = [
  [/^Reached the max retries per request limit/, 'the server was not there'],
  [/^Connection is closed/, 'the connection was closed'],
  [/^Stream isn't writeable/, 'the client is not connected'],
  [/^Command timed out/, 'there was no answer in time'],
];

/** A server that could not be connected to: where it should be, its words and what to look at. Never tells a password. */
export class ConnectFault extends Error {
  /** `cause`: what the client told last, which says more than the call that failed. `place`: a URL, or a client of the user's. */
  constructor(place: string | object, cause: unknown) {
    const words = wordsOf(cause).replace(/^\w*Error: /, '');
    super(`${placeOf(place)} said: ${words}. ${adviceOn(words, typeof place === 'string' ? 1 : 2)}`, {
      cause,
    });
  }
}

/** What the error says of a connection in words of our own where the package's tell of its options. */
export function wordsOf(error: unknown): string {
  const words = messageOf(error);
  return meaningOf(words) ?? words;
}

/** Whether it tells of the connection, and not of what was asked over it. */
export function isOfConnection(error: unknown): boolean {
  const words = messageOf(error);
  return meaningOf(words) !== null || ADVICE.some(([begins]) => begins.test(words));
}

function meaningOf(words: string): string | null {
  return MEANINGS.find(([says]) => says.test(words))?.[1] ?? null;
}

function placeOf(place: string | object): string {
  if (typeof place !== 'string') return placeOfClient(place);
  const { hostname, port } = new URL(place);
  return `${hostname || DEFAULT_HOST}:${port || DEFAULT_PORT}`;
}

function placeOfClient(client: object): string {
  const { options = {}, isCluster } = client as {
    readonly options?: Readonly<Record<string, unknown>>;
    readonly isCluster?: unknown;
  };
  if (isCluster === true) return 'the cluster';
  const { path, sentinels, host, port } = options;
  if (typeof path === 'string') return path;
  if (Array.isArray(sentinels)) return 'the server that the sentinels name';
  return `${typeof host === 'string' ? host : DEFAULT_HOST}:${typeof port === 'number' ? port : DEFAULT_PORT}`;
}

function adviceOn(words: string, whose: 1 | 2): string {
  const [ofUrl, ofClient] = OTHERWISE;
  return ADVICE.find(([begins]) => begins.test(words))?.[whose] || (whose === 1 ? ofUrl : ofClient);
}
