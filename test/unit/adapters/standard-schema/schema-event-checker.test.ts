import type { StandardSchemaV1 } from '@standard-schema/spec';
import * as v from 'valibot';
import { z } from 'zod';
import { jsonCodec } from '../../../../lib/adapters/codec/json-codec.js';
import {
  isStandardSchema,
  schemaEventChecker,
} from '../../../../lib/adapters/standard-schema/schema-event-checker.js';
import type { CheckedEvent } from '../../../../lib/ports/event-checker.js';

const codec = jsonCodec();

const byZod = z.object({
  id: z.string().min(2),
  at: z.coerce.date(),
  lines: z.array(z.object({ price: z.number().positive() })),
  note: z.string().default('none'),
  tags: z
    .array(z.string())
    .transform((tags) => new Set(tags))
    .optional(),
});

const byValibot = v.object({
  id: v.pipe(v.string(), v.minLength(2)),
  at: v.pipe(
    v.string(),
    v.transform((text) => new Date(text)),
  ),
  lines: v.array(v.object({ price: v.pipe(v.number(), v.minValue(0.01)) })),
  note: v.optional(v.string(), 'none'),
  tags: v.optional(
    v.pipe(
      v.array(v.string()),
      v.transform((tags) => new Set(tags)),
    ),
  ),
});

/** By hand: answers later. */
const byHand: StandardSchemaV1<unknown, { id: string }> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: async (value) => {
      await Promise.resolve();
      const { id } = value as { id?: unknown };
      return typeof id === 'string'
        ? { value: { id } }
        : { issues: [{ message: 'no id', path: [{ key: 'id' }] }] };
    },
  },
};

describe.each<[string, StandardSchemaV1]>([
  ['zod', byZod],
  ['valibot', byValibot],
])('a schema of %s', (_, schema) => {
  const checker = schemaEventChecker(schema);
  const valid = { id: 'abc', at: '2026-01-02T00:00:00.000Z', lines: [{ price: 1 }], tags: ['a', 'b'] };

  it('is checked at once; what it gives out survives storing', () => {
    const checked = checker.check(valid) as CheckedEvent;
    expect(checked.ok).toBe(true);
    const back = checker.restore(codec.decode(codec.encode((checked as { data: unknown }).data)));
    expect(back).toEqual({
      id: 'abc',
      at: new Date(valid.at),
      lines: [{ price: 1 }],
      note: 'none',
      tags: new Set(['a', 'b']),
    });
  });

  it.each<[unknown, readonly string[]]>([
    [{ ...valid, id: 'a' }, ['id']],
    [{ ...valid, lines: [{ price: 1 }, { price: -1 }] }, ['lines.1.price']],
    [{ ...valid, lines: 'x' }, ['lines']],
    [{ ...valid, id: 5, note: 5 }, ['id', 'note']],
    [[], ['id', 'at', 'lines']],
    [null, ['']],
    ['x', ['']],
    [undefined, ['']],
  ])('refuses no. %# by path', (data, paths) => {
    const checked = checker.check(data) as CheckedEvent;
    const found = checked.ok ? [] : checked.violations.map((one) => one.path);
    // Libraries differ in whether an array is an object without the fields.
    expect(found.some((path) => path === '' || paths.includes(path))).toBe(true);
    expect(checked.ok).toBe(false);
  });
});

describe('an asynchronous schema', () => {
  it('answers by a promise', async () => {
    expect(await schemaEventChecker(byHand).check({ id: 'x', more: 1 })).toEqual({
      ok: true,
      data: { id: 'x' },
    });
    expect(await schemaEventChecker(byHand).check({})).toEqual({
      ok: false,
      violations: [{ path: 'id', message: 'no id' }],
    });
  });

  it('of zod too', async () => {
    const schema = z.object({ id: z.string().refine((id) => Promise.resolve(id === 'known'), 'unknown id') });
    expect(await schemaEventChecker(schema).check({ id: 'known' })).toMatchObject({ ok: true });
    expect(await schemaEventChecker(schema).check({ id: 'x' })).toEqual({
      ok: false,
      violations: [{ path: 'id', message: 'unknown id' }],
    });
  });

  it('that fails itself is passed on', async () => {
    const failing = standard(() => Promise.reject(new Error('database down')));
    await expect(schemaEventChecker(failing).check({})).rejects.toThrow('database down');
  });
});

describe('a schema that throws', () => {
  it('a full stack is a violation, now and later', async () => {
    const overflow = (): never => {
      throw new RangeError('Maximum call stack size exceeded');
    };
    expect(schemaEventChecker(standard(overflow)).check({})).toMatchObject({ ok: false });
    expect(await schemaEventChecker(standard(async () => overflow())).check({})).toMatchObject({ ok: false });
  });

  it('anything else is passed on', () => {
    expect(() =>
      schemaEventChecker(
        standard(() => {
          throw new TypeError('bug');
        }),
      ).check({}),
    ).toThrow('bug');
  });
});

it('a schema is known by its `~standard`, also when it is a function', () => {
  const callable = Object.assign(
    () => 1,
    standard((value) => ({ value })),
  );
  expect([byZod, byValibot, byHand, callable].map(isStandardSchema)).toEqual([true, true, true, true]);
  expect(
    [null, undefined, {}, class {}, 'x', { '~standard': 5 }, { '~standard': {} }].map(isStandardSchema),
  ).not.toContain(true);
});

function standard(validate: StandardSchemaV1['~standard']['validate']): StandardSchemaV1 {
  return { '~standard': { version: 1, vendor: 'test', validate } };
}
