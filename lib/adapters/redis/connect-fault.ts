import { messageOf } from '../../model/message-of.js';

const DEFAULT_PORT = '6379';

/** What to look at, by how the fault begins that a server or the system words. */
const ADVICE: readonly (readonly [RegExp, string])[] = [
  [
    /^(NOAUTH|.*HELLO must be called)/,
    'The server wants a password: write it in the url, redis://:password@host',
  ],
  [/^(WRONGPASS|ERR .*(AUTH|invalid password))/, 'Look at the user and the password in the url'],
  [/^NOPERM/, 'Give the user of the url the permissions it lacks'],
  [/ECONNREFUSED/, 'Look whether the server runs there, and at host and port in the url'],
  [/ENOTFOUND|EAI_AGAIN/, 'Look at the host in the url'],
];

const OTHERWISE = 'Look whether the server runs there, at the url, and whether it is to be rediss:// (TLS)';

/** A server that could not be connected to: where it should be, its words and what to look at. Never tells a password. */
export class ConnectFault extends Error {
  /** `cause`: what the client told last, which says more than the call that failed. */
  constructor(url: string, cause: unknown) {
    const words = messageOf(cause).replace(/^\w*Error: /, '');
    super(`${placeOf(url)} said: ${words}. ${adviceOn(words)}`, { cause });
  }
}

function placeOf(url: string): string {
  const { hostname, port } = new URL(url);
  return `${hostname || '127.0.0.1'}:${port || DEFAULT_PORT}`;
}

function adviceOn(words: string): string {
  return ADVICE.find(([begins]) => begins.test(words))?.[1] ?? OTHERWISE;
}
