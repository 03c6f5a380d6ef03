import { toldViolations } from '../../../../lib/adapters/http/told-violations.js';

test('names of fields and messages of the schema are told', () => {
  const violations = [{ path: 'lines.2.price', message: 'price must be a positive number' }];
  expect(toldViolations(violations, { lines: [{ price: -12 }] })).toEqual(violations);
});

test.each([
  ['role', 'must not be administrator', { role: 'administrator' }],
  ['amount', '31337 is too much', { amount: 31_337 }],
  ['', 'Unrecognized key: "<script>"', { '<script>': 1 }],
  ['a.b', 'found deeply', { a: { b: [{ c: 'deeply' }] } }],
])('a message at %j that repeats the data is replaced', (path, message, data) => {
  expect(toldViolations([{ path, message }], data)).toEqual([{ path, message: 'is not allowed' }]);
});

test.each(['<script>', 'a b', 'x'.repeat(129), 'é', '\u0000'])('the path %j is not told', (path) => {
  expect(toldViolations([{ path, message: 'should not be there' }], {})).toEqual([
    { path: '(a field that is not told)', message: 'should not be there' },
  ]);
});

test('of many violations 20 are told, and of data with many texts no message', () => {
  const many = Array.from({ length: 100 }, () => ({ path: 'a', message: 'b' }));
  expect(toldViolations(many, {})).toHaveLength(20);
  const data = Array.from({ length: 10_001 }, (_, at) => `text ${at}`);
  expect(toldViolations(many, data)[0]).toEqual({ path: 'a', message: 'is not allowed' });
});
