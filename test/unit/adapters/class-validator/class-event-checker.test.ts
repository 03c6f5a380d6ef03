import { isDeepStrictEqual } from 'node:util';
import { Expose, Transform, Type } from 'class-transformer';
import {
  Allow,
  ArrayMaxSize,
  ArrayNotEmpty,
  IsArray,
  IsBoolean,
  IsDate,
  IsEmail,
  IsEnum,
  IsIn,
  IsInstance,
  IsInt,
  IsISO8601,
  IsNotEmpty,
  IsNumber,
  IsObject,
  IsOptional,
  IsPositive,
  IsString,
  IsUrl,
  IsUUID,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
  registerDecorator,
  Validate,
  ValidateBy,
  ValidateIf,
  ValidateNested,
  ValidatorConstraint,
} from 'class-validator';
import fc from 'fast-check';
import {
  type ClassEvents,
  loadClassEvents,
} from '../../../../lib/adapters/class-validator/class-event-checker.js';
import { jsonCodec } from '../../../../lib/adapters/codec/json-codec.js';
import { DefinitionError } from '../../../../lib/model/errors-boot.js';
import type { CheckedEvent, EventChecker } from '../../../../lib/ports/event-checker.js';

class Line {
  @IsString() sku!: string;
  @IsInt() @Min(1) quantity!: number;
}

class Card {
  @IsIn(['card']) kind!: 'card';
  @Length(4, 4) last4!: string;
}
class Invoice {
  @IsIn(['invoice']) kind!: 'invoice';
  @IsInt() days!: number;
}

class Order {
  @IsUUID() orderId!: string;
  @IsEmail() email!: string;
  @IsPositive() total!: number;
  @Type(() => Date) @IsDate() placedAt!: Date;
  @ValidateNested({ each: true }) @Type(() => Line) @IsArray() @ArrayMaxSize(3) lines!: Line[];
  @IsOptional() @IsString() note?: string;
  summary(): string {
    return `${this.lines.length} lines on ${this.placedAt.toISOString()}`;
  }
}

class Paid {
  @ValidateNested()
  @Type(() => Object, {
    discriminator: {
      property: 'kind',
      subTypes: [
        { name: 'card', value: Card },
        { name: 'invoice', value: Invoice },
      ],
    },
    keepDiscriminatorProperty: true,
  })
  payment!: Card | Invoice;
}

class Bag {
  @Allow() anything!: unknown;
}

const order = {
  orderId: '0b9f3c9e-1111-4222-8333-944444444444',
  email: 'a@b.example',
  total: 5,
  placedAt: '2026-01-02T03:04:05.000Z',
  lines: [{ sku: 'a', quantity: 1 }],
};

let classEvents: ClassEvents;
const codec = jsonCodec();
beforeAll(async () => {
  classEvents = await loadClassEvents();
});

const sync = (checker: EventChecker, data: unknown): CheckedEvent => {
  const checked = checker.check(data);
  expect(checked).not.toBeInstanceOf(Promise);
  return checked as CheckedEvent;
};
const violationsOf = (checked: CheckedEvent): readonly string[] =>
  checked.ok ? [] : checked.violations.map((v) => v.path);
const stored = (checker: EventChecker, data: unknown): unknown => {
  const checked = sync(checker, data);
  if (!checked.ok) throw new Error(JSON.stringify(checked.violations));
  return checker.restore(codec.decode(codec.encode(checked.data)));
};

describe('a valid event', () => {
  it('is checked synchronously and restored as an instance, nested classes and dates too', () => {
    const back = stored(classEvents(Order), order) as Order;
    expect(back).toBeInstanceOf(Order);
    expect(back.lines[0]).toBeInstanceOf(Line);
    expect(back.placedAt).toEqual(new Date(order.placedAt));
    expect(back.summary()).toBe('1 lines on 2026-01-02T03:04:05.000Z');
  });

  it('may be an instance, with dates as dates', () => {
    const instance = Object.assign(new Order(), order, {
      placedAt: new Date(order.placedAt),
      lines: [Object.assign(new Line(), order.lines[0])],
    });
    expect(stored(classEvents(Order), instance)).toEqual(stored(classEvents(Order), order));
  });

  it('is left as it was, and what is stored is plain', () => {
    const data = structuredClone(order);
    const checked = sync(classEvents(Order), data);
    expect(data).toEqual(order);
    expect(checked).toEqual({ ok: true, data: order });
    expect(codec.encode((checked as { data: unknown }).data)).toBe(JSON.stringify(order));
  });

  it.each([{ keepDiscriminatorProperty: true }, { keepDiscriminatorProperty: false }])(
    'keeps its discriminator in what is stored (%p)',
    (options) => {
      class A {
        @IsInt() a!: number;
        @IsOptional() kind?: string;
      }
      class B {
        @IsInt() b!: number;
        @IsOptional() kind?: string;
      }
      const subTypes = [
        { name: 'a', value: A },
        { name: 'b', value: B },
      ];
      class Holder {
        @ValidateNested()
        @Type(() => Object, { discriminator: { property: 'kind', subTypes }, ...options })
        item!: A | B;
        @ValidateNested({ each: true })
        @Type(() => Object, { discriminator: { property: 'kind', subTypes }, ...options })
        items!: (A | B)[];
      }
      const data = {
        item: { kind: 'b', b: 1 },
        items: [
          { kind: 'a', a: 1 },
          { kind: 'b', b: 2 },
        ],
      };
      const checker = classEvents(Holder);
      const checked = sync(checker, data);
      expect(data.item.kind).toBe('b');
      const plain = (checked as { data: unknown }).data;
      for (let i = 0; i < 2; i++) {
        const back = checker.restore(plain) as Holder;
        expect(back.item).toBeInstanceOf(B);
        expect(back.items.map((item) => item.constructor)).toEqual([A, B]);
      }
    },
  );

  it('gets the defaults of its class once: the same on every resume', () => {
    let made = 0;
    class Ticket {
      @IsString() title!: string;
      @IsInt() number = ++made;
      @Type(() => Date) @IsDate() at = new Date(made);
      @ValidateNested() @Type(() => Line) line = Object.assign(new Line(), { sku: `s${made}`, quantity: 1 });
    }
    const checker = classEvents(Ticket);
    const checked = sync(checker, { title: 'x' }) as { data: object };
    const first = checker.restore(codec.decode(codec.encode(checked.data))) as Ticket;
    const second = checker.restore(codec.decode(codec.encode(checked.data))) as Ticket;
    expect(second).toEqual(first);
    expect(second.line).toBeInstanceOf(Line);
  });

  it('is transformed once from what was published, on each restore alike', () => {
    class Price {
      @Transform(({ value }) => (value as number) * 100) @IsInt() cents!: number;
      @Expose({ name: 'currency_code' }) @IsString() currency!: string;
    }
    const checker = classEvents(Price);
    const checked = sync(checker, { cents: 2, currency_code: 'EUR' }) as { data: object };
    expect(checked.data).toEqual({ cents: 2, currency_code: 'EUR' });
    expect(checker.restore(checked.data)).toMatchObject({ cents: 200, currency: 'EUR' });
  });

  it('keeps values that class-transformer would take apart', () => {
    const data = {
      anything: {
        set: new Set([1, 2]),
        bytes: new Uint8Array([1, 2]),
        map: new Map([['a', { b: 1 }]]),
        big: 5n,
        buffer: Buffer.from('x'),
      },
    };
    expect(stored(classEvents(Bag), data)).toEqual(Object.assign(new Bag(), data));
  });

  it('comes back equal whatever plain data a field holds, or is refused', () => {
    const checker = classEvents(Bag);
    const isKept = (anything: unknown): boolean => {
      const checked = sync(checker, { anything });
      return !checked.ok || isDeepStrictEqual((stored(checker, { anything }) as Bag).anything, anything);
    };
    const key = fc.oneof(
      fc.string(),
      fc.constantFrom('toString', 'valueOf', 'then', 'length', 'constructor', '__proto__'),
    );
    const data = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.string(),
        fc.integer(),
        fc.constant(null),
        fc.boolean(),
        tie('list'),
        tie('record'),
      ),
      list: fc.array(tie('value'), { maxLength: 4 }),
      record: fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
    })).value;
    expect(() => fc.assert(fc.property(data, isKept), { numRuns: 500 })).not.toThrow();
  });

  it('of a subclass is checked by the inherited validators too', () => {
    class Urgent extends Order {
      @IsInt() level!: number;
    }
    expect(violationsOf(sync(classEvents(Urgent), { ...order, total: -1 }))).toEqual(
      expect.arrayContaining(['total', 'level']),
    );
    expect(stored(classEvents(Urgent), { ...order, level: 1 })).toBeInstanceOf(Urgent);
  });
});

enum Color {
  Red = 'red',
}
class Everything {
  @IsOptional() @IsString() text?: string;
  @IsOptional() @IsInt() int?: number;
  @IsOptional() @IsNumber() num?: number;
  @IsOptional() @Min(3) min?: number;
  @IsOptional() @Max(3) max?: number;
  @IsOptional() @IsBoolean() bool?: boolean;
  @IsOptional() @IsEnum(Color) color?: Color;
  @IsOptional() @IsUrl() url?: string;
  @IsOptional() @IsISO8601() iso?: string;
  @IsOptional() @Matches(/^a+$/) pattern?: string;
  @IsOptional() @MinLength(2) minLength?: string;
  @IsOptional() @MaxLength(2) maxLength?: string;
  @IsOptional() @IsNotEmpty() filled?: string;
  @IsOptional() @ArrayNotEmpty() list?: unknown[];
  @IsOptional() @IsString({ each: true }) tags?: string[];
  @IsOptional() @IsObject() object?: object;
  @IsOptional() @Type(() => Date) @IsDate() date?: Date;
  @IsOptional() @IsInstance(Line) @Type(() => Line) @ValidateNested() line?: Line;
  @ValidateIf((o: Everything) => o.bool === true) @IsString() onlyIfBool?: string;
}

describe('a field without a validator', () => {
  class Item {
    @IsString() sku!: string;
    gift?: boolean;
  }
  class Noted {
    @IsString() id!: string;
    note?: string;
    @IsOptional() @ValidateNested({ each: true }) @Type(() => Item) items?: Item[];
  }

  it('does not count while nobody has written to it', () => {
    expect(stored(classEvents(Noted), { id: '1', items: [{ sku: 'a' }] })).toEqual(
      Object.assign(new Noted(), { id: '1', items: [Object.assign(new Item(), { sku: 'a' })] }),
    );
    expect(stored(classEvents(Noted), Object.assign(new Noted(), { id: '1' }))).toMatchObject({ id: '1' });
  });

  it.each([
    [{ id: '1', note: 'x' }, 'note', 'Noted.note has no validator'],
    [{ id: '1', note: undefined }, 'note', 'Noted.note has no validator'],
    [{ id: '1', items: [{ sku: 'a', gift: true }] }, 'items.0.gift', 'Item.gift has no validator'],
    [
      Object.assign(new Noted(), { id: '1', note: 'x' }),
      'note',
      'write @IsOptional() @IsString(), or @Allow()',
    ],
    [['1'], '', 'must be an object with the fields of Noted, not an array'],
    [5, '', 'not a number'],
  ])('is refused in %j, with what to write', async (data, path, message) => {
    expect(await classEvents(Noted).check(data)).toEqual({
      ok: false,
      violations: [{ path, message: expect.stringContaining(message) as string }],
    });
  });
});

describe('an invalid event is refused by path', () => {
  it.each<[new () => object, unknown, readonly string[]]>([
    [Order, { ...order, orderId: 'x' }, ['orderId']],
    [Order, { ...order, email: undefined }, ['email']],
    [Order, { ...order, total: '5' }, ['total']],
    [Order, { ...order, placedAt: 'no date' }, ['placedAt']],
    [Order, { ...order, lines: 'none' }, ['lines']],
    [Order, { ...order, lines: [{ sku: 1, quantity: 0 }] }, ['lines.0.sku', 'lines.0.quantity']],
    [Order, { ...order, lines: [order.lines[0], null] }, ['lines.1']],
    [Order, { ...order, lines: [{ ...order.lines[0], extra: 1 }] }, ['lines.0.extra']],
    [Order, { ...order, admin: true }, ['admin']],
    [Order, {}, ['orderId', 'email', 'total', 'placedAt', 'lines']],
    [Order, [], ['']],
    [Order, [order], ['']],
    [Order, null, ['']],
    [Order, undefined, ['']],
    [Order, 'text', ['']],
    [Order, 5, ['']],
    [Order, { ...order, lines: Array.from({ length: 4 }, () => order.lines[0]) }, ['lines']],
    [Order, { ...order, toString: 'x' }, ['toString']],
    [Bag, { anything: [{ valueOf: 1 }] }, ['anything.0.valueOf']],
    [Paid, { payment: { kind: 'card', last4: '1' } }, ['payment.last4']],
    [Paid, { payment: { kind: 'invoice', days: 'x' } }, ['payment.days']],
    [Paid, { payment: { kind: 'unknown', days: 1 } }, ['payment']],
    [Paid, { payment: { kind: 'card', last4: '1234', days: 1 } }, ['payment.days']],
    [Paid, { payment: 'x' }, ['payment']],
    [Paid, { payment: null }, ['payment']],
    [Everything, { text: 1 }, ['text']],
    [Everything, { int: 1.5 }, ['int']],
    [Everything, { num: Number.NaN }, ['num']],
    [Everything, { min: 2 }, ['min']],
    [Everything, { max: 4 }, ['max']],
    [Everything, { bool: 'true' }, ['bool']],
    [Everything, { color: 'blue' }, ['color']],
    [Everything, { url: 'nowhere' }, ['url']],
    [Everything, { iso: 'yesterday' }, ['iso']],
    [Everything, { pattern: 'b' }, ['pattern']],
    [Everything, { minLength: 'a' }, ['minLength']],
    [Everything, { maxLength: 'abc' }, ['maxLength']],
    [Everything, { filled: '' }, ['filled']],
    [Everything, { list: [] }, ['list']],
    [Everything, { tags: ['a', 1] }, ['tags']],
    [Everything, { object: 'x' }, ['object']],
    [Everything, { date: 'x' }, ['date']],
    [Everything, { line: { sku: 1, quantity: 1 } }, ['line.sku']],
    [Everything, { bool: true }, ['onlyIfBool']],
  ])('%#', (type, data, paths) => {
    const found = new Set(violationsOf(sync(classEvents(type), data)));
    for (const path of paths)
      expect([...found].some((one) => one === path || (path !== '' && one.startsWith(`${path}.`)))).toBe(
        true,
      );
    expect(found.size === 0).toBe(paths.length === 0);
  });

  it('when it is an instance of another class, or holds one where its own class belongs: it says what to give instead', async () => {
    class Row {
      sku = 'a';
      quantity = 1;
    }
    class Untyped {
      @ValidateNested() line!: Line;
    }
    const row = { sku: 'a', quantity: 1 };
    const plain = 'give its fields as a plain object, such as { ...it }';
    expect(sync(classEvents(Line), new Row())).toEqual({
      ok: false,
      violations: [{ path: '', message: `is an instance of Row: ${plain}, or an instance of Line` }],
    });
    expect(sync(classEvents(Line), new Date(0))).toMatchObject({
      violations: [{ message: expect.stringContaining('is an instance of Date') as unknown }],
    });
    expect(sync(classEvents(Line), row)).toMatchObject({ ok: true });
    expect(sync(classEvents(Order), { ...order, lines: [new Row()] })).toMatchObject({
      violations: [
        { path: 'lines.0', message: `is an instance of Row, not of the class of the field: ${plain}` },
      ],
    });
    expect(await classEvents(Untyped).check({ line: row })).toMatchObject({
      violations: [
        { path: 'line', message: expect.stringContaining('write @Type(() => ItsClass)') as unknown },
      ],
    });
  });

  it('and a key named as a method is left out: it cannot replace the method', () => {
    const back = stored(classEvents(Order), { ...order, summary: 'x' }) as Order;
    expect(back.summary()).toContain('1 lines');
  });

  it('never with more than 101 violations, however wide', () => {
    const wide = Object.fromEntries(Array.from({ length: 900 }, (_, i) => [`k${i}`, 1]));
    expect(violationsOf(sync(classEvents(Order), { ...order, ...wide }))).toHaveLength(101);
  });

  it('as nested too deeply rather than by a full stack', () => {
    let deep: unknown = {};
    for (let i = 0; i < 50_000; i++) deep = { a: deep };
    const checked = sync(classEvents(Bag), { anything: deep });
    expect(checked).toMatchObject({
      ok: false,
      violations: [{ path: '', message: expect.stringContaining('too deeply') as string }],
    });
  });

  it('when a transform throws on it', () => {
    class Trimmed {
      @Transform(({ value }) => (value as string).trim()) @IsString() text!: string;
    }
    expect(violationsOf(sync(classEvents(Trimmed), { text: 5 }))).toEqual(['']);
  });

  it('without touching a prototype', () => {
    const payload = JSON.parse(
      `{"anything":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}},"__proto__":{"polluted":1}}`,
    ) as object;
    sync(classEvents(Bag), payload);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    expect((new Bag() as { polluted?: number }).polluted).toBeUndefined();
  });
});

describe('asynchronous validators', () => {
  const known = new Set(['a']);
  @ValidatorConstraint({ async: true })
  class Known {
    validate(value: string): Promise<boolean> {
      return Promise.resolve(known.has(value));
    }
  }
  const Unmarked = (): PropertyDecorator => (target, property) => {
    registerDecorator({
      name: 'unmarked',
      target: target.constructor,
      propertyName: property as string,
      validator: { validate: (value: string) => Promise.resolve(known.has(value)) as unknown as boolean },
    });
  };
  class Marked {
    @Validate(Known) id!: string;
  }
  class Quiet {
    @Unmarked() id!: string;
  }
  class Below {
    @ValidateNested() @Type(() => Quiet) item!: Quiet;
  }
  class Failing {
    @ValidateBy({
      name: 'failing',
      async: true,
      validator: { validate: () => Promise.reject(new Error('database down')) as unknown as boolean },
    })
    id!: string;
  }

  it.each<[string, new () => object, (id: string) => unknown]>([
    ['marked as such', Marked, (id) => ({ id })],
    ['not marked', Quiet, (id) => ({ id })],
    ['of a nested class', Below, (id) => ({ item: { id } })],
  ])('%s are awaited', async (_, type, data) => {
    const checker = classEvents(type);
    expect((await checker.check(data('a'))).ok).toBe(true);
    expect((await checker.check(data('b'))).ok).toBe(false);
  });

  it('that fail themselves are passed on: the event is not to blame', async () => {
    await expect(classEvents(Failing).check({ id: 'x' })).rejects.toThrow('database down');
  });
});

describe('a class is refused at registration', () => {
  it('when it has no validator', () => {
    class Empty {
      id!: string;
    }
    expect(() => classEvents(Empty)).toThrow(DefinitionError);
    expect(() => classEvents(Empty)).toThrow(/without any class-validator decorator/);
  });

  it('when its constructor needs arguments', () => {
    class Needy {
      @IsString() name: string;
      constructor(source: { name: string }) {
        this.name = source.name;
      }
    }
    expect(() => classEvents(Needy)).toThrow(/throws without arguments/);
  });
});

describe('the hash of a schema', () => {
  const make = (max: number, nestedMin: number): EventChecker => {
    class Inner {
      @Min(nestedMin) n!: number;
    }
    class Outer {
      @Max(max) a!: number;
      @ValidateNested() @Type(() => Inner) inner!: Inner;
    }
    return classEvents(Outer);
  };
  it('is equal for equal decorators and changes with any, nested ones too', () => {
    expect(make(1, 1).schemaHash).toBe(make(1, 1).schemaHash);
    expect(make(1, 1).schemaHash).not.toBe(make(2, 1).schemaHash);
    expect(make(1, 1).schemaHash).not.toBe(make(1, 2).schemaHash);
  });
});
