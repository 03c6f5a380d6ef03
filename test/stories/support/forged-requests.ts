import { CANARY, good, type HostileCase, KEY, nextId, text } from './hostile-case.js';
import { goodHeaders, seconds, type Sent, signatureOf } from './http-requests.js';

const flip = (character: string): string => (character === '0' ? '1' : '0');

/** Requests that nobody with a key has signed as they are. */
export function forgeries(): readonly HostileCase[] {
  const forged = (
    name: string,
    change: (right: Record<string, string>) => Sent['headers'],
    body: string | Uint8Array = text,
  ): HostileCase => ({
    name: `forged: ${name}`,
    sent: { headers: change(goodHeaders(KEY, text, nextId())) ?? {}, body },
    allowed: [401],
  });
  const set = (name: string, value: string | readonly string[]) => (right: Record<string, string>) => ({
    ...right,
    [name]: value,
  });
  const without = (name: string) => (right: Record<string, string>) =>
    Object.fromEntries(Object.entries(right).filter(([each]) => each !== name));
  const at = (timestamp: number | string) => (right: Record<string, string>) => ({
    ...right,
    'holdfast-timestamp': String(timestamp),
    'holdfast-signature': `v1,${signatureOf(KEY, text, { id: right['holdfast-id'] ?? '', timestamp })}`,
  });
  const by =
    (key: string, surface = 'events') =>
    (right: Record<string, string>) => ({
      ...right,
      'holdfast-signature': `v1,${signatureOf(key, text, { id: right['holdfast-id'] ?? '', timestamp: right['holdfast-timestamp'] ?? '', surface })}`,
    });
  const signatures = [
    '',
    ' ',
    'v1',
    'v1,',
    'v1,x',
    'v2,',
    'none',
    'v1,none',
    'null',
    'undefined',
    'true',
    '*',
    `v1,${'0'.repeat(64)}`,
    `v1,${'g'.repeat(64)}`,
    `v1,${'a'.repeat(63)}`,
    `v1,${'a'.repeat(65)}`,
    'a'.repeat(8_000),
    'v1,a '.repeat(9),
    `${`v1,${'0'.repeat(64)} `.repeat(20)}`,
    CANARY,
    'Bearer x',
    'sha256=x',
  ];
  return [
    ...Array.from({ length: 64 }, (_, place) =>
      forged(`digit ${place} of the signature`, (right) => {
        const signature = right['holdfast-signature'] ?? '';
        const index = place + 3;
        return {
          ...right,
          'holdfast-signature': `${signature.slice(0, index)}${flip(signature.charAt(index))}${signature.slice(index + 1)}`,
        };
      }),
    ),
    ...Array.from({ length: text.length }, (_, place) =>
      forged(
        `byte ${place} of the body`,
        (right) => right,
        `${text.slice(0, place)}${flip(text.charAt(place))}${text.slice(place + 1)}`,
      ),
    ),
    ...[' ', '\n'].flatMap((space) => [
      forged('a space behind the body', (right) => right, `${text}${space}`),
      forged('a space before the body', (right) => right, `${space}${text}`),
    ]),
    forged('the body written anew', (right) => right, JSON.stringify(good, null, 1)),
    forged('no body', (right) => right, ''),
    ...signatures.map((signature) =>
      forged(`signature ${signature.slice(0, 20)}`, set('holdfast-signature', signature)),
    ),
    ...['v2', 'v0', 'V1', 'v11', 'v1 ', 'hs256', 'none'].map((version) =>
      forged(`version ${version}`, (right) => ({
        ...right,
        'holdfast-signature': (right['holdfast-signature'] ?? '').replace('v1', version),
      })),
    ),
    forged('in capitals', (right) => ({
      ...right,
      'holdfast-signature': (right['holdfast-signature'] ?? '').toUpperCase(),
    })),
    forged('two headers of signature', (right) => ({
      ...right,
      'holdfast-signature': [`v1,${'0'.repeat(64)}`, right['holdfast-signature'] ?? ''],
    })),
    forged('two headers of time', (right) => ({
      ...right,
      'holdfast-timestamp': [right['holdfast-timestamp'] ?? '', String(seconds())],
    })),
    forged('two headers of id', (right) => ({ ...right, 'holdfast-id': ['a', 'b'] })),
    ...['holdfast-id', 'holdfast-timestamp', 'holdfast-signature'].flatMap((name) => [
      forged(`no ${name}`, without(name)),
      forged(`empty ${name}`, set(name, '')),
    ]),
    ...['x', 'a.b', 'a b', '../x', 'é', '%00', '__proto__', 'i'.repeat(129), '*', CANARY].map((id) =>
      forged(`id ${id}`, set('holdfast-id', id)),
    ),
    ...[-301, -310, -3_600, 330, 400, 3_600].map((offset) =>
      forged(`${offset} s off`, at(seconds() + offset)),
    ),
    ...[
      0,
      1,
      999_999_999_999,
      '1.5',
      '-1',
      '0x1',
      '1e9',
      'now',
      'NaN',
      '',
      ' ',
      '9'.repeat(30),
      `${seconds()}.0`,
      `+${seconds()}`,
    ].map((time) => forged(`time ${time}`, at(time))),
    forged('another time than was signed', set('holdfast-timestamp', String(seconds() - 1))),
    ...[
      '',
      'x',
      KEY.slice(0, -1),
      `${KEY} `,
      KEY.toUpperCase(),
      'another key, which is long enough as well',
    ].map((key) => forged(`key ${key.slice(-6)}`, by(key))),
    ...['hints', '', 'EVENTS', 'events.', 'execute'].map((surface) =>
      forged(`signed for ${surface}`, by(KEY, surface)),
    ),
    ...['authorization', 'x-api-key', 'cookie', 'x-forwarded-for', 'host'].map((name) =>
      forged(`${name} instead of a signature`, (right) => ({
        ...without('holdfast-signature')(right),
        [name]: '127.0.0.1',
      })),
    ),
  ];
}
