import fc from 'fast-check';
import { fromStored, toStored } from '../../../../lib/adapters/sqlite/stored-text.js';
import { connect } from './file-store.js';

const hostile = [
  '',
  'a\0b',
  'a',
  '\ud800',
  '\ud801',
  '\udc00\ud800',
  '\u0001',
  '\u0001"a"',
  '😀',
  'e\u0301',
  'é',
  ' ',
  'x'.repeat(10_240),
];

describe('stored text', () => {
  it('comes back from the database as it was', async () => {
    const connection = await connect(':memory:');
    connection.exec('CREATE TABLE t (a TEXT)');
    const insert = connection.prepare('INSERT INTO t VALUES (?)');
    const select = connection.prepare<{ a: string }>('SELECT a FROM t WHERE a = ?');
    for (const text of hostile) {
      insert.run([toStored(text)]);
      expect(select.all([toStored(text)]).map(({ a }) => fromStored(a))).toEqual([text]);
    }
    connection.close();
  });

  it('is text: what is none is refused, and not stored as something else', () => {
    for (const value of [5, Buffer.from('a'), undefined])
      expect(() => toStored(value as never)).toThrow(/^a store keeps text, not (number|object|undefined)$/);
  });

  it('is itself unless it has to be escaped', () => {
    expect(toStored('order-17 😀')).toBe('order-17 😀');
  });

  it('never makes two texts alike', () => {
    const text = fc.string({
      unit: fc.oneof(
        fc.constantFrom('\0', '\u0001', '"', '\\', 'a'),
        fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
      ),
    });
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(fromStored(toStored(a))).toBe(a);
        expect(toStored(a) === toStored(b)).toBe(a === b);
        expect(toStored(a).includes('\0')).toBe(false);
      }),
    );
  });
});
