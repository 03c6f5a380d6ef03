import { parseBody } from '../../../../lib/adapters/http/parse-body.js';
import { Refusal } from '../../../../lib/adapters/http/refusal.js';

const limits = { depth: 3, keys: 3 };
const parse = (text: string): unknown => parseBody(Buffer.from(text), limits);

/** Nested so deep with the body around it. */
const lists = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;

test.each([
  '{}',
  '[]',
  '"a"',
  ' { "a" : [ 1 , 2 , 3 , 4 , 5 ] } ',
  '{"a":1,"b":2,"c":3}',
  '{"a":"[[[[[{{{{{,,,,,","b":"\\"[[[[[","c":"\\\\"}',
  '[{"a":1,"b":1,"c":1},{"a":1,"b":1,"c":1}]',
  lists(4),
])('%s is read', (text) => {
  expect(parse(text)).toEqual(JSON.parse(text));
});

test.each([
  [lists(5), 'deeper than 4 levels'],
  ['['.repeat(5), 'deeper than 4 levels'],
  ['{"a":1,"b":2,"c":3,"d":4}', 'more than 3 keys'],
  ['[{"a":{},"b":[],"c":"","d":1}]', 'more than 3 keys'],
  ['{"a":1,"a":1,"a":1,"a":1}', 'more than 3 keys'],
  ['{"a', 'no JSON text'],
  ['"\\', 'no JSON text'],
  ['}]}]', 'no JSON text'],
  [',,,,,', 'no JSON text'],
])('%s is refused: %s', (text, why) => {
  let refusal: unknown;
  try {
    parse(text);
  } catch (error) {
    refusal = error;
  }
  expect(refusal).toBeInstanceOf(Refusal);
  expect((refusal as Refusal).detail).toContain(why);
});

test('a body of brackets and quotes that fills the largest limit is read or refused in one walk', () => {
  for (const piece of ['[', '{', '"', '\\', '[]', '{},', '"",', '{"":']) {
    const startedAt = performance.now();
    expect(() => parse(piece.repeat(8_388_608 / piece.length))).toThrow(Refusal);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  }
});
