import { CANARY, good, type HostileCase, signed, text } from './hostile-case.js';

function deep(open: string, close: string, depth: number, core = '1'): string {
  return `${open.repeat(depth)}${core}${close.repeat(depth)}`;
}

function manyKeys(count: number): string {
  return `{${Array.from({ length: count }, (_, at) => `"k${at}":0`).join()}}`;
}

/** Signed by who may: what is wrong is the body. */
export function bodies(): readonly HostileCase[] {
  const noJson = [
    '',
    ' ',
    '\n',
    'x',
    '{',
    '}',
    '[',
    ']',
    '"',
    '"a',
    '{]',
    '[}',
    '{"a"',
    '{"a":',
    '{"a":}',
    '{a:1}',
    "{'a':1}",
    '{"a":1,}',
    '[1,]',
    '[,1]',
    '{,}',
    'nul',
    'True',
    'NaN',
    'Infinity',
    '-',
    '01',
    '1.',
    '.5',
    '+1',
    '0x10',
    '1e',
    '1e+',
    '{"a":undefined}',
    '// c',
    '/* c */{}',
    '{} {}',
    '{}x',
    `${text}${text}`,
    `${text};`,
    `\uFEFF${text}`,
    '\u0000',
    `${text}\u0000`,
    '{"a":"\n"}',
    '{"a":"\t"}',
    '{"a":"\\x41"}',
    '{"a":"\\u12"}',
    '{"a":"\\"}',
    '<xml/>',
    'a=1&b=2',
    '--b\r\n\r\n',
    'while(1);{}',
    ")]}',\n{}",
    `callback(${text})`,
    CANARY,
    `"${CANARY}`,
    '{"event":"order.placed","data":',
  ];
  const notTheBody = [
    'null',
    'true',
    'false',
    '0',
    '-0',
    '1e400',
    '1e-400',
    '9007199254740993',
    '"order.placed"',
    '[]',
    '[[]]',
    '{}',
    '[{}]',
    JSON.stringify([good]),
    JSON.stringify({ event: good }),
    JSON.stringify({ event: 'order.placed' }),
    JSON.stringify({ data: {} }),
    ...[
      'executionId',
      'stepPath',
      'step',
      'result',
      'results',
      'context',
      'session',
      'priority',
      'delay',
      'at',
      'dispatcher',
      'attempt',
      'worker',
      'handler',
      'lease',
      'fence',
      'taskId',
      'functionId',
      'executionTarget',
      'timestamp',
      'toString',
      'constructor',
      '__proto__',
      'prototype',
      'hasOwnProperty',
      CANARY,
      '',
    ].map(
      (extra) =>
        `{"event":"order.placed","data":{"orderId":"o-1","total":5},${JSON.stringify(extra)}:{"polluted":true}}`,
    ),
    ...[null, 1, true, [], {}, ['order.placed'], { toString: 'order.placed' }, ''].map((event) =>
      JSON.stringify({ ...good, event }),
    ),
    ...[1, true, [], {}, ['a'], '', 'x'.repeat(1_025)].map((id) => JSON.stringify({ ...good, id })),
    '{"event":"order.placed","data":{},"id":"\\ud800"}',
    '{"event":"\\udfff","data":{}}',
  ];
  const polluting = ['__proto__', 'constructor', 'prototype'].flatMap((key) =>
    [0, 1, 2, 3, 5, 8, 13, 21, 34, 55].flatMap((depth) => {
      const core = `{"${key}":{"polluted":true}}`;
      return [
        [
          `${key} ${depth} objects down`,
          `{"event":"order.placed","data":${deep('{"a":', '}', depth, core)}}`,
        ],
        [`${key} ${depth} lists down`, `{"event":"order.placed","data":${deep('[', ']', depth, core)}}`],
        [
          `${key} escaped, ${depth} down`,
          `{"event":"order.placed","data":${deep('{"a":', '}', depth, `{"\\u00${key.charCodeAt(0).toString(16)}${key.slice(1)}":{"polluted":true}}`)}}`,
        ],
      ] as const;
    }),
  );
  const deepOnes = [64, 65, 66, 100, 1_000, 10_000, 100_000].flatMap(
    (depth) =>
      [
        [`${depth} lists`, `{"event":"order.placed","data":${deep('[', ']', depth)}}`],
        [`${depth} lists that never end`, `{"event":"order.placed","data":${'['.repeat(depth)}`],
        [
          `${depth} objects`,
          `{"event":"order.placed","data":${deep('{"a":', '}', Math.min(depth, 40_000))}}`,
        ],
        [`${depth} lists instead of a body`, deep('[', ']', depth)],
      ] as const,
  );
  const wide = [1_001, 2_000, 20_000].flatMap(
    (count) =>
      [
        [`${count} keys`, `{"event":"order.placed","data":${manyKeys(count)}}`],
        [`${count} keys of the body`, manyKeys(count)],
        [`${count} times the same key`, `{${'"a":1,'.repeat(count)}"a":1}`],
      ] as const,
  );
  const badBytes = [
    [0xff],
    [0xfe, 0xff],
    [0xc0, 0x80],
    [0xc3],
    [0xe2, 0x82],
    [0xed, 0xa0, 0x80],
    [0xf4, 0x90, 0x80, 0x80],
    [0xf8, 0x88, 0x80, 0x80, 0x80],
    [0x80],
    [0xbf],
    [0xc1, 0xbf],
    [0xe0, 0x80, 0xaf],
  ].map((bytes) =>
    Buffer.concat([
      Buffer.from('{"event":"order.placed","data":{"orderId":"'),
      Buffer.from(bytes),
      Buffer.from('","total":5}}'),
    ]),
  );
  return [
    ...noJson.map((body) => signed(`no JSON: ${JSON.stringify(body).slice(0, 40)}`, body, [400])),
    ...notTheBody.map((body) => signed(`no message: ${body.slice(0, 80)}`, body, [400])),
    ...polluting.map(([name, body]) => signed(`pollution: ${name}`, body, [400])),
    ...deepOnes.map(([name, body]) => signed(`depth: ${name}`, body, [400])),
    ...wide.map(([name, body]) => signed(`width: ${name}`, body, [400])),
    ...badBytes.map((body) => signed(`UTF-8: ${body.toString('hex').slice(86, 96)}`, body, [400])),
    signed('UTF-16', Buffer.from(text, 'utf16le'), [400]),
    signed(
      'UTF-16 with its mark',
      Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]),
      [400],
    ),
    signed(
      'Latin-1',
      Buffer.from('{"event":"order.placed","data":{"orderId":"é","total":5}}', 'latin1'),
      [400],
    ),
    ...[262_145, 300_000, 1_000_000, 10_000_000].map((size) =>
      signed(`${size} bytes`, 'x'.repeat(size), [413]),
    ),
    signed(
      'a long text in data',
      JSON.stringify({ ...good, data: { ...good.data, note: 'x'.repeat(262_000) } }),
      [400, 413],
    ),
  ];
}
