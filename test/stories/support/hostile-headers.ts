import { CANARY, type HostileCase, KEY, nextId, text } from './hostile-case.js';
import { goodHeaders } from './http-requests.js';

/** Headers and methods that are wrong on a request that is else right. */
export function headers(): readonly HostileCase[] {
  const withHeader = (
    name: string,
    value: string | readonly string[],
    allowed: readonly number[],
    onlyNode = false,
  ): HostileCase => ({
    name: `${name}: ${String(value).slice(0, 40)}`,
    sent: { headers: { ...goodHeaders(KEY, text, nextId()), [name]: value }, body: text },
    allowed,
    onlyNode,
  });
  const types = [
    'text/plain',
    'text/json',
    'application/jsonx',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/xml',
    'application/json; charset=utf-16',
    'application/json; charset=latin1',
    'application/json, text/plain',
    'application/json; x=y',
    'application/ld+json',
    '*/*',
    'json',
    'application/json;charset=utf-8;charset=utf-16',
    CANARY,
  ];
  const methods = ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD'];
  const rare = ['PROPFIND', 'MKCOL', 'LOCK', 'REPORT', 'SEARCH', 'PURGE', 'COPY', 'MOVE'];
  const paths = [
    '/',
    '//',
    '/holdfast/x',
    '/holdfastx',
    '/holdfas',
    '/HOLDFAST',
    '/holdfast/hints/x',
    '/holdfast/events',
    '/holdfast%2fhints',
    '/holdfast/..',
    '/x/../holdfast2',
    '/holdfast;x',
    '/holdfast%00',
    '/.env',
    '/__proto__',
    '/constructor',
    `/${'x'.repeat(2_000)}`,
    '/holdfast/%F0%28',
  ];
  const { 'content-type': _type, ...untyped } = goodHeaders(KEY, text, nextId());
  return [
    ...types.map((type) => withHeader('content-type', type, [415])),
    { name: 'no content type', sent: { headers: untyped, body: text }, allowed: [415], onlyNode: true },
    ...['gzip', 'br', 'deflate', 'zstd', 'identity, gzip', 'x', 'GZIP'].map((coding) =>
      withHeader('content-encoding', coding, [415]),
    ),
    ...methods.map((method) => ({
      name: method,
      sent: { method, headers: goodHeaders(KEY, text, nextId()), body: '' },
      allowed: [405],
    })),
    ...rare.map((method) => ({
      name: method,
      sent: { method, headers: goodHeaders(KEY, text, nextId()), body: '' },
      allowed: [405],
      onlyNode: true,
    })),
    ...paths.map((path) => ({
      name: `path ${path.slice(0, 30)}`,
      sent: { path, headers: goodHeaders(KEY, text, nextId()), body: text },
      allowed: [404],
    })),
  ];
}

/** At the surface for hints: forged, or signed and no hints. */
export function hints(): readonly HostileCase[] {
  const right = JSON.stringify({ v: 1, hints: [['x', 1]] });
  const unsigned = ['', right, '{}', text].map((body) => ({
    name: `hints, unsigned: ${body}`,
    sent: { path: '/holdfast/hints', headers: { 'content-type': 'application/json' }, body },
    allowed: [401],
  }));
  const crossed = {
    name: 'hints, signed as an event',
    sent: { path: '/holdfast/hints', headers: goodHeaders(KEY, right, nextId()), body: right },
    allowed: [401],
  };
  const wrong = [
    '',
    'null',
    '[]',
    '{}',
    '{"v":1}',
    '{"hints":[]}',
    '{"v":2,"hints":[]}',
    '{"v":"1","hints":[]}',
    '{"v":1,"hints":{}}',
    '{"v":1,"hints":[1]}',
    '{"v":1,"hints":[[]]}',
    '{"v":1,"hints":[["x"]]}',
    '{"v":1,"hints":[["",1]]}',
    '{"v":1,"hints":[["x",-1]]}',
    '{"v":1,"hints":[["x",1.5]]}',
    '{"v":1,"hints":[["x",1e400]]}',
    '{"v":1,"hints":[["x","1"]]}',
    '{"v":1,"hints":[["x",1,"step"]]}',
    '{"v":1,"hints":[{"executionId":"x","wakeSeq":1}]}',
    '{"v":1,"hints":[],"step":"charge"}',
    '{"v":1,"hints":[],"__proto__":{}}',
    `{"v":1,"hints":[${'["x",1],'.repeat(1_000)}["x",1]]}`,
    `{"v":1,"hints":[["${'x'.repeat(16_385)}",1]]}`,
    text,
  ].map((body) => ({
    name: `hints: ${body.slice(0, 60)}`,
    sent: { path: '/holdfast/hints', headers: goodHeaders(KEY, body, nextId(), 'hints'), body },
    allowed: [400],
  }));
  return [...unsigned, crossed, ...wrong];
}
