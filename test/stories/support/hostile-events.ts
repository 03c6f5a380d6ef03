import { CANARY, good, type HostileCase, signed } from './hostile-case.js';

/** Data that the schemas refuse. */
export function invalidEvents(): readonly HostileCase[] {
  const values: readonly unknown[] = [null, true, '', 'five', -1, -0.5, [], {}, [5], { a: 1 }, CANARY];
  const fields = values.flatMap(
    (value) =>
      [
        [
          'order.placed',
          { orderId: value === '' ? 5 : value === 'five' || value === CANARY ? 5 : value, total: 5 },
        ],
        ['order.placed', { orderId: 'o-1', total: value }],
        ['user.joined', { name: typeof value === 'string' ? 5 : value, age: 5 }],
        ['user.joined', { name: 'ada', age: value }],
        ['order.placed', value],
        ['user.joined', value],
      ] as const,
  );
  const unknown = [
    'extra',
    'toString',
    'hasOwnProperty',
    CANARY,
    ' ',
    'a.b',
    '0',
    'ｔｏｔａｌ',
    '$where',
  ].flatMap(
    (key) =>
      [
        ['order.placed', { orderId: 'o-1', total: 5, [key]: CANARY }],
        ['user.joined', { name: 'ada', age: 5, [key]: CANARY }],
      ] as const,
  );
  return [...fields, ...unknown].map(([event, data]) =>
    signed(`invalid ${event}: ${JSON.stringify(data)}`, JSON.stringify({ event, data }), [400]),
  );
}

/** Odd texts, as the name of an event (which none has) and as its id (which is text like any other). */
export function names(): readonly HostileCase[] {
  const odd = [
    '.',
    '..',
    '../../x',
    '/etc/passwd',
    'a/b',
    'a\\b',
    '\u0000',
    'a\u0000b',
    'CON',
    'NUL.txt',
    'n'.repeat(256),
    'a:b',
    ':',
    '{x}',
    '}x{',
    '*',
    '?',
    '%',
    '%00',
    '%2e%2e',
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    'valueOf',
    "'; DROP TABLE executions;--",
    '"',
    '`',
    '$1',
    '${7*7}',
    '{{7*7}}',
    '\r\nx: y',
    '\n',
    '\t',
    '\u202E',
    '\u200B',
    '😀',
    'é',
    'e\u0301',
    'ORDER.PLACED',
    'order.placed ',
    ' order.placed',
    'order.place',
    'order.placedx',
    'order\u0000placed',
    'order.placed\u0000',
    'http:1',
    'holdfast',
    'undefined',
    'null',
    'true',
    '0',
    '-1',
    '1e9',
    '[]',
    '{}',
    '<b>',
    CANARY,
    'javascript:1',
    'file:///',
    'schedule:x',
    'tick',
    'İ',
    'ß',
    '\uFEFF',
    '\uFFFF',
    '１',
  ];
  return odd.flatMap((name) => [
    signed(`event named ${JSON.stringify(name)}`, JSON.stringify({ ...good, event: name }), [400]),
    signed(`id ${JSON.stringify(name)}`, JSON.stringify({ ...good, id: name }), [202]),
  ]);
}
