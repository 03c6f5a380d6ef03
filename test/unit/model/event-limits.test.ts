import fc from 'fast-check';
import { checkLimits } from '../../../lib/model/event-limits.js';
import { defaultLimits } from '../../../lib/model/limits.js';

const check = (data: unknown, over = {}) => checkLimits(data, { ...defaultLimits, ...over });

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? { a: value } : [value];
  return value;
}

function wide(keys: number): Record<string, number> {
  const value: Record<string, number> = {};
  for (let i = 0; i < keys; i++) value[`k${i}`] = i;
  return value;
}

describe('data within the limits has no violation', () => {
  it.each<[string, unknown]>([
    [
      'an order',
      { orderId: 'a', lines: [{ sku: 'x', price: 1.5 }], at: new Date(0), none: null, un: undefined },
    ],
    ['64 levels', nested(64)],
    ['1,000 keys', wide(1_000)],
    ['a primitive', 5],
    ['rich values', { m: new Map([['a', 1]]), s: new Set([1]), b: new Uint8Array(10), n: 5n }],
    [
      'shared references',
      (() => {
        const a = { x: 1 };
        return [a, a, a];
      })(),
    ],
    ['text of just the size', 'x'.repeat(262_144 - 2)],
  ])('%s', (_, data) => {
    expect(check(data)).toEqual([]);
  });
});

const cycle: Record<string, unknown> = { name: 'x' };
cycle['self'] = cycle;
const list: unknown[] = [];
list.push(1, list);

describe('data beyond the limits is refused with a path', () => {
  it.each<[string, unknown, string, string]>([
    ['65 levels', nested(65), 'a.0.a.0.a.0', 'deeper than 64'],
    ['1,001 keys', { a: [wide(1_001)] }, 'a.0', '1001 keys'],
    ['a long text', 'x'.repeat(262_144), '', 'is larger than limits.eventBytes (262144)'],
    ['long text of many bytes', '€'.repeat(90_000), '', 'larger'],
    ['a long key', { ['k'.repeat(300_000)]: 1 }, '', 'larger'],
    ['many items', Array.from({ length: 200_000 }, () => 1), '', 'larger'],
    ['many items in a Set', { s: new Set(Array.from({ length: 200_000 }, (__, i) => i)) }, '', 'larger'],
    ['many bytes', { b: new Uint8Array(300_000) }, '', 'larger'],
    ['an own __proto__', JSON.parse('{"a":[{"__proto__":{"x":1}}]}'), 'a.0.__proto__', 'not allowed'],
    ['an own constructor', { constructor: { prototype: {} } }, 'constructor', 'not allowed'],
    ['an own prototype', { deep: { prototype: 1 } }, 'deep.prototype', 'not allowed'],
    ['a cycle of objects', cycle, 'self', 'contains it'],
    ['a cycle of arrays', list, '1', 'contains it'],
    ['inside a Map', { m: new Map([['k', JSON.parse('{"__proto__":1}')]]) }, 'm.1.__proto__', 'not allowed'],
  ])('%s', (_, data, path, message) => {
    const [violation, ...others] = check(data);
    expect(others).toEqual([]);
    expect(violation?.path).toContain(path);
    expect(violation?.message).toContain(message);
    expect(violation?.path.length).toBeLessThan(300);
  });

  const deep: Record<string, unknown> = {};
  deep['self'] = { deep };
  const order: Record<string, unknown> = {};
  order['lines'] = [{ note: 'x'.repeat(30_000), order }];

  it.each<[string, unknown, string]>([
    ['of the data itself', deep, 'self.deep'],
    ['below it', { first: [1], below: [deep] }, 'below.0.self.deep'],
    ['of more bytes than levels', order, 'lines.0.order'],
  ])('a cycle %s is told by the first place that closes it', (_, data, path) => {
    const message = 'refers to what contains it (a cycle), which cannot be stored. Give plain data';
    expect(check(data)).toEqual([{ path, message }]);
  });

  it('a graph that unfolds without end is left at the size limit', () => {
    let value: unknown = ['x'];
    for (let i = 0; i < 60; i++) value = [value, value];
    expect(check(value)).toHaveLength(1);
  });

  it('500,000 keys are refused before they are walked', () => {
    const data: unknown = JSON.parse(JSON.stringify(wide(500_000)));
    expect(check(data)).toHaveLength(1);
  });

  it('depth 1,000,000 is refused, and walked without recursion where the limit allows it', () => {
    const data: unknown = JSON.parse('['.repeat(1_000_000) + ']'.repeat(1_000_000));
    expect(check(data)).toHaveLength(1);
    expect(check(data, { depth: 2_000_000, eventBytes: 10_000_000 })).toEqual([]);
  });

  it('a depth of 0 allows primitives only', () => {
    expect(check({}, { depth: 0 })).toHaveLength(1);
    expect(check(1, { depth: 0 })).toEqual([]);
  });
});

it('data whose text is within the size is never called too large', () => {
  expect(() =>
    fc.assert(
      fc.property(fc.jsonValue(), (data) => {
        const text = JSON.stringify(data);
        return check(data, { eventBytes: Buffer.byteLength(text) }).every(
          (v) => !v.message.includes('larger'),
        );
      }),
    ),
  ).not.toThrow();
});
