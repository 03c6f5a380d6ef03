import { isDeepStrictEqual } from 'node:util';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { jsonCodec } from '../../../../lib/adapters/codec/json-codec.js';
import { ConfigurationError } from '../../../../lib/model/errors-boot.js';
import type { StorableType } from '../../../../lib/model/storable.js';
import { StepError } from '../../../../lib/model/errors-step.js';
import { UnreadableValueError, UnstorableValueError } from '../../../../lib/model/errors-value.js';

class Money {
  constructor(
    readonly amount: number,
    readonly currency: string,
  ) {}
  get text(): string {
    return `${this.amount} ${this.currency}`;
  }
}

class Vault {
  readonly #secret: string;
  constructor(secret: string) {
    this.#secret = secret;
  }
  get secret(): string {
    return this.#secret;
  }
  static toStored(vault: Vault): unknown {
    return { secret: vault.secret };
  }
  static fromStored(stored: { secret: string }): Vault {
    return new Vault(stored.secret);
  }
}

class CardDeclined extends Error {
  constructor(readonly reason: string) {
    super(`declined: ${reason}`);
  }
}

const codec = jsonCodec({ types: [Money, Vault, CardDeclined] });
const roundTrip = (value: unknown): unknown => codec.decode(codec.encode(value));

function refusalOf(value: unknown): UnstorableValueError {
  try {
    codec.encode(value);
  } catch (error) {
    if (error instanceof UnstorableValueError) return error;
    throw error;
  }
  throw new Error('was not refused');
}

describe('a plain value', () => {
  it.each([
    ['text', 'abc'],
    ['text that begins like a tag', '~{"$":["Date",0]}'],
    ['a lone surrogate', '\ud800'],
    ['zero', 0],
    ['null', null],
    ['nested plain data', { a: [1, 'x', true, null, { b: [] }], c: {} }],
    ['a long list', Array.from({ length: 1_000 }, (_, i) => i)],
  ])('%s is stored as plain JSON', (_, value) => {
    expect(codec.encode(value)).toBe(JSON.stringify(value));
    expect(roundTrip(value)).toEqual(value);
  });

  it('of another realm is stored and comes back as an object of this one', () => {
    const foreign = runInNewContext(
      '({ a: [1, { b: 2 }], d: new Date(5), e: new TypeError("x") })',
    ) as object;
    const back = roundTrip(foreign) as { d: Date; e: TypeError };
    expect(back).toMatchObject({ a: [1, { b: 2 }] });
    expect(back.d).toEqual(new Date(5));
    expect(back.e).toBeInstanceOf(TypeError);
  });

  it('referred to twice is written twice', () => {
    const address = { city: 'Berlin' };
    const back = roundTrip({ billing: address, shipping: address }) as { billing: object; shipping: object };
    expect(back).toEqual({ billing: address, shipping: address });
  });
});

describe('a rich value comes back as it was', () => {
  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['undefined in slots and properties', { a: undefined, b: [undefined, 1] }],
    ['NaN', Number.NaN],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['-Infinity', [Number.NEGATIVE_INFINITY]],
    ['-0', { zero: -0 }],
    ['a bigint', -12345678901234567890n],
    ['a Date', new Date(1_700_000_000_123)],
    [
      'a Map',
      new Map<unknown, unknown>([
        ['a', 1],
        [{ k: 1 }, new Date(0)],
        [undefined, null],
      ]),
    ],
    ['a Set', new Set<unknown>([1, 'a', { b: 1n }])],
    ['a Uint8Array', new Uint8Array([1, 2, 255])],
    ['a Float64Array', new Float64Array([1.5, -0, Number.NaN])],
    ['a BigInt64Array', new BigInt64Array([1n, -1n])],
    ['an empty Int16Array', new Int16Array()],
    ['a view of part of a buffer', new Uint16Array(new ArrayBuffer(12), 4, 2)],
    ['an ArrayBuffer', new Uint8Array([1, 2, 3]).buffer],
    ['a Buffer', Buffer.from('hello')],
    ['a URL', new URL('https://a.example/b?c=d#e')],
    ['an object with the tag as key', { $: ['Date', 0] }],
    ['one with the tag as key among others', { $: 1, other: undefined }],
    ['nested tags as keys', { $: { $: { $: [undefined] } } }],
    ['an own __proto__ key', JSON.parse('{"__proto__":{"polluted":true},"x":1}')],
    ['own constructor and prototype keys', { constructor: 1, prototype: undefined }],
    ['a registered class', { price: new Money(5, 'EUR') }],
  ])('%s', (_, value) => {
    const back = roundTrip(value);
    expect(back).toStrictEqual(value);
    expect(Object.prototype.toString.call(back)).toBe(Object.prototype.toString.call(value));
  });

  it('an invalid Date stays one', () => {
    const back = roundTrip([new Date(Number.NaN)]) as [Date];
    expect(back[0]).toBeInstanceOf(Date);
    expect(back[0].getTime()).toBeNaN();
  });

  it('a null-prototype object keeps its missing prototype', () => {
    const value = Object.assign(Object.create(null), { a: 1, $: 2, constructor: undefined }) as object;
    const back = roundTrip(value) as object;
    expect(Object.getPrototypeOf(back)).toBeNull();
    expect({ ...back }).toStrictEqual({ ...value });
  });

  it('a Buffer is a Buffer, a Uint8Array is none', () => {
    expect(Buffer.isBuffer(roundTrip(Buffer.from('x')))).toBe(true);
    expect(Buffer.isBuffer(roundTrip(new Uint8Array(1)))).toBe(false);
  });

  it('a registered class is rebuilt without its constructor', () => {
    const back = roundTrip(new Money(5, 'EUR')) as Money;
    expect(back).toBeInstanceOf(Money);
    expect(back.text).toBe('5 EUR');
  });

  it('a class with private fields says itself what is stored', () => {
    expect((roundTrip([new Vault('s3')]) as [Vault])[0].secret).toBe('s3');
  });

  it('an own __proto__ key never changes a prototype, in tagged text either', () => {
    const value = JSON.parse('{"__proto__":{"polluted":1}}') as Record<string, unknown>;
    value['undefined'] = undefined;
    const back = roundTrip(value) as object;
    expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
    expect(Object.hasOwn(back, '__proto__')).toBe(true);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });
});

describe('errors inside values', () => {
  it.each([new Error('a'), new TypeError('b'), new RangeError('c'), new SyntaxError('')])(
    '%p keeps its class',
    (error) => {
      const back = roundTrip({ error }) as { error: Error };
      expect(back.error).toBeInstanceOf(error.constructor);
      expect(Object.getPrototypeOf(back.error)).toBe(Object.getPrototypeOf(error));
      expect(back.error.message).toBe(error.message);
    },
  );

  it('keep fields, cause and the errors of an aggregate', () => {
    const cause = Object.assign(new TypeError('inner'), { code: 'E_INNER' });
    const error = Object.assign(new AggregateError([new RangeError('1'), 'two'], 'all', { cause }), {
      at: new Date(3),
    });
    const back = roundTrip(error) as AggregateError & { at: Date };
    expect(back).toBeInstanceOf(AggregateError);
    expect(back.at).toEqual(new Date(3));
    expect(back.cause).toMatchObject({ message: 'inner', code: 'E_INNER' });
    expect(back.errors[0]).toBeInstanceOf(RangeError);
    expect(back.errors[1]).toBe('two');
    expect(Object.keys(back)).toEqual(['at']);
  });

  it('leave out what cannot be kept of them, and keep the rest', () => {
    const request = { socket: () => {}, url: 'https://example.com' };
    const error: Error & { self?: unknown } = Object.assign(
      new TypeError('no answer', { cause: new RangeError('x', { cause: () => {} }) }),
      {
        request,
        status: 503,
        since: new Date(5),
      },
    );
    error.self = { error };
    Object.defineProperty(error, 'body', {
      get: () => {
        throw new Error('gone');
      },
      enumerable: true,
    });
    const [back, beside] = roundTrip([error, request.url]) as [Error & Record<string, unknown>, string];
    expect(Object.keys(back)).toEqual(['status', 'since']);
    expect(back).toMatchObject({ message: 'no answer', status: 503, since: new Date(5) });
    expect(back.cause).toBeInstanceOf(RangeError);
    expect((back.cause as Error).cause).toBeUndefined();
    expect(beside).toBe(request.url);
    expect(refusalOf([error, request]).path).toBe('1.socket');
  });

  it('of an unregistered class become StepError', () => {
    class Strange extends Error {}
    const back = roundTrip([Object.assign(new Strange('?'), { code: 'S' })]) as [StepError];
    expect(back[0]).toBeInstanceOf(StepError);
    expect(back[0]).toMatchObject({ name: 'Strange', originalCode: 'S', message: '?' });
  });

  it('are the same text wherever they were made, so that they can name a call', () => {
    const make = (): Error => new Error('x');
    const deeper = (): Error => make();
    expect(codec.encode(make())).toBe(codec.encode(deeper()));
  });
});

describe('what cannot be kept is refused with its path', () => {
  const cycle: { self?: unknown } = {};
  cycle.self = { back: cycle };
  class Point {
    x = 1;
  }
  class Dates extends Date {}
  class List extends Array<number> {}
  it.each<[string, unknown, string, string]>([
    [
      'a function',
      { lines: [{}, {}, { price: () => 1 }] },
      'lines.2.price',
      'a function, which cannot be stored. Give plain data',
    ],
    ['a symbol', { s: Symbol('x') }, 's', 'a symbol'],
    ['a RegExp', { r: /a+/ }, 'r', 'a RegExp'],
    ['a Promise', [Promise.resolve(1)], '0', 'a Promise, which cannot be stored. Await it first'],
    ['a cycle', { a: cycle }, 'a.self.back', 'a cycle'],
    [
      'an unregistered class',
      { p: new Point() },
      'p',
      'is an instance of Point, which cannot be stored. List the class in bootstrap({ types: [Point] })',
    ],
    ['a class itself', { p: Point }, 'p', 'the class Point'],
    ['a subclass of Date', new Dates(), '', 'Dates'],
    ['a subclass of Array', { l: List.from([1]) }, 'l', 'List'],
    ['a hole', { a: Object.assign([1], { 2: 3 }) }, 'a', 'empty slot at 1'],
    ['a match', 'abc'.match(/b/), '', 'named properties'],
    ['a symbol key', { a: { [Symbol('k')]: 1 } }, 'a', 'Symbol(k)'],
    ['a WeakMap', { w: new WeakMap() }, 'w', 'WeakMap'],
    ['a boxed number', { n: Object(1) as unknown }, 'n', 'Number'],
    ['a shared buffer', { b: new SharedArrayBuffer(1) }, 'b', 'SharedArrayBuffer'],
    ['a DataView', { b: new DataView(new ArrayBuffer(1)) }, 'b', 'DataView'],
    [
      'a Date with a property',
      { d: Object.assign(new Date(0), { zone: 'x' }) },
      'd',
      'properties of its own',
    ],
    ['inside a Map', { m: new Map([['k', () => 1]]) }, 'm.k', 'a function'],
    ['inside a registered class', new Money((() => 1) as unknown as number, 'EUR'), 'amount', 'a function'],
    [
      'a throwing getter',
      {
        get a(): never {
          throw new Error('boom');
        },
      },
      'a',
      'boom',
    ],
    ['a revoked proxy', revoked(), '', 'throws'],
  ])('%s', (_, value, path, found) => {
    const refusal = refusalOf(value);
    expect(refusal.code).toBe('VALUE_UNSTORABLE');
    expect(refusal.path).toBe(path);
    expect(refusal.message).toContain(found);
  });

  it.each([1_001, 5_000, 100_000])('depth %d ends in a clear error, not in a full stack', (depth) => {
    let value: unknown = 1;
    for (let i = 0; i < depth; i++) value = i % 2 === 0 ? { a: value } : [value];
    expect(refusalOf(value).message).toContain('nested deeper than 1000');
  });

  it('depth 900 is kept', () => {
    let value: unknown = undefined;
    for (let i = 0; i < 900; i++) value = { a: value };
    expect(roundTrip(value)).toStrictEqual(value);
  });

  it('a graph of shared references that unfolds without end', () => {
    let value: unknown = [1];
    for (let i = 0; i < 60; i++) value = [value, value];
    expect(refusalOf(value).message).toContain('number of values');
  });

  it('a proxy that throws a fresh error', () => {
    const hostile = new Proxy(
      {},
      {
        getPrototypeOf: () => {
          throw new Error('no');
        },
      },
    );
    expect(refusalOf({ hostile }).message).toContain('no');
  });
});

describe('the list of types', () => {
  it('is checked as a whole', () => {
    const Other = { Money: class Money {} }.Money;
    const half = class Half {
      static toStored(): unknown {
        return 1;
      }
    };
    expect(() => jsonCodec({ types: [Money, Other, class {}, 'x' as never, half] })).toThrow(
      ConfigurationError,
    );
    const mistakes = mistakesOf([
      Money,
      Other,
      { anonymous: () => class {} }.anonymous(),
      'x' as never,
      half,
    ]);
    expect(mistakes).toHaveLength(4);
  });

  it('is completed by declared classes, also by those declared later, under their declared names', () => {
    class Early {
      a = 1;
    }
    class Late {
      b = 2;
    }
    const declared = new Map<string, typeof Early | typeof Late>([['early', Early]]);
    const mine = jsonCodec({ types: [Early], declared: () => declared });
    expect(mine.encode(new Early())).toBe('~{"$":["class","early",{"a":1}]}');
    expect(() => mine.encode(new Late())).toThrow(UnstorableValueError);
    declared.set('late', Late);
    expect(mine.decode(mine.encode([new Late()]))).toStrictEqual([new Late()]);
  });

  it('wins over a declared class of the same name, whose instances are refused rather than mixed up', () => {
    const Other = { Money: class Money {} }.Money;
    const mine = jsonCodec({ types: [Money], declared: () => new Map([['Money', Other]]) });
    expect(mine.decode(mine.encode(new Money(1, 'EUR')))).toBeInstanceOf(Money);
    expect(() => mine.encode(new Other())).toThrow(UnstorableValueError);
  });

  it('may list a class twice', () => {
    expect(() => jsonCodec({ types: [Money, Money] })).not.toThrow();
  });
});

describe('stored text from elsewhere', () => {
  it.each([
    '',
    '{',
    '~',
    '~{',
    'undefined',
    '{"a":}',
    '~{"$":"Date"}',
    '~{"$":[]}',
    '~{"$":[1]}',
    '~{"$":["Date","x"]}',
    '~{"$":["Date",1e300]}',
    '~{"$":["Date",0.5]}',
    '~{"$":["bigint","1e3"]}',
    '~{"$":["bigint",5]}',
    '~{"$":["number","5"]}',
    '~{"$":["RegExp","a+"]}',
    '~{"$":["Function","x"]}',
    '~{"$":["Map",{}]}',
    '~{"$":["Map",[1]]}',
    '~{"$":["Map",[[1]]]}',
    '~{"$":["Set",5]}',
    '~{"$":["URL","::"]}',
    '~{"$":["Buffer",5]}',
    '~{"$":["Buffer","a"]}',
    '~{"$":["Buffer","!!!!"]}',
    '~{"$":["Int32Array","AAA="]}',
    '~{"$":["object",[]]}',
    '~{"$":["null",null]}',
    '~{"$":["class"]}',
    '~{"$":["class","Nope",{}]}',
    '~{"$":["class","constructor",{}]}',
    '~{"$":["class","__proto__",{}]}',
    '~{"$":["class","Money",5]}',
    '~{"$":["class","Money",[]]}',
    '~{"$":["undefined",1]}',
    '~{"$":["undefined"],"x":1}',
    '~{"$":["error"]}',
    '~{"$":["error","builtin","Error",5]}',
    '~{"$":["error","made-up","Error",{"message":"","fields":{}}]}',
    '~{"$":["error","builtin","Error",{"message":5,"fields":{}}]}',
    '~{"$":["error","builtin","Error",{"message":"","fields":[]}]}',
    '~{"$":["error","other","",{"message":"","fields":{},"errors":5}]}',
    '~{"$":["error","other","",{"message":"","fields":{},"retryable":"yes"}]}',
    '~{"$":["toString"]}',
    '~{"$":["__proto__"]}',
    '~{"$":["class","Vault",null]}',
    `~${'['.repeat(100_000)}${']'.repeat(100_000)}`,
  ])('no. %# is unreadable', (text) => {
    expect(() => codec.decode(text)).toThrow(UnreadableValueError);
  });

  it('never reaches a prototype', () => {
    const before = Object.getOwnPropertyNames(Object.prototype).length;
    const values = [
      '~{"__proto__":{"polluted":1},"a":{"$":["undefined"]}}',
      '~{"$":["object",{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}]}',
      '~{"$":["null",{"__proto__":{"polluted":1}}]}',
      '~{"$":["class","Money",{"__proto__":{"polluted":1}}]}',
      '~{"$":["error","builtin","Error",{"message":"m","fields":{"__proto__":{"polluted":1},"constructor":1}}]}',
      '~{"$":["error","class","Money",{"message":"m","fields":{"__proto__":{"polluted":1}}}]}',
    ].map((text) => codec.decode(text) as object);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    expect(Object.getOwnPropertyNames(Object.prototype)).toHaveLength(before);
    expect(Object.getPrototypeOf(values[3])).toBe(Money.prototype);
    expect(Object.getPrototypeOf(values[4])).toBe(Error.prototype);
    expect(values[5]).toBeInstanceOf(StepError);
  });

  it('of any shape gives a value or UnreadableValueError', () => {
    const json = fc.json({ maxDepth: 5 });
    const tags = fc.constantFrom(
      'Date',
      'Map',
      'Set',
      'class',
      'error',
      'object',
      'null',
      'bigint',
      'Uint8Array',
      'x',
    );
    const tagged = fc
      .tuple(tags, fc.array(fc.jsonValue({ maxDepth: 3 }), { maxLength: 3 }))
      .map(([tag, args]) => JSON.stringify({ $: [tag, ...args] }));
    expect(() =>
      fc.assert(
        fc.property(fc.oneof(json, tagged, fc.string()), fc.boolean(), (text, isTagged) => {
          return (
            isReadableOrRefused(isTagged ? `~${text}` : text) && Object.keys(Object.prototype).length === 0
          );
        }),
        { numRuns: 1_000 },
      ),
    ).not.toThrow();
  });
});

describe('whatever the value', () => {
  const anything = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withTypedArray: true,
    withNullPrototype: true,
    withSparseArray: true,
    withBoxedValues: true,
    withObjectString: true,
    maxDepth: 4,
    key: fc.oneof(
      fc.string(),
      fc.constantFrom('$', '~', '__proto__', 'constructor', 'toString', 'prototype'),
    ),
  });

  it('comes back equal, or is refused', () => {
    let kept = 0;
    fc.assert(
      fc.property(anything, (value) => {
        const text = textOrRefusal(value);
        if (text === null) return true;
        kept++;
        const back = codec.decode(text);
        return (
          codec.encode(back) === text && (text.includes('["Date",null]') || isDeepStrictEqual(back, value))
        );
      }),
      { numRuns: 2_000 },
    );
    expect(kept).toBeGreaterThan(500);
  });

  it('is stored as plain JSON where JSON keeps it', () => {
    expect(() =>
      fc.assert(
        fc.property(fc.jsonValue(), (value) => {
          const text = codec.encode(value);
          const isPlain = isDeepStrictEqual(JSON.parse(JSON.stringify(value)), value);
          return (!isPlain || text === JSON.stringify(value)) && isDeepStrictEqual(codec.decode(text), value);
        }),
      ),
    ).not.toThrow();
  });
});

/** Null for a refusal; anything else that is thrown fails the property. */
function textOrRefusal(value: unknown): string | null {
  try {
    return codec.encode(value);
  } catch (error) {
    if (error instanceof UnstorableValueError) return null;
    throw error;
  }
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function isReadableOrRefused(text: string): boolean {
  try {
    codec.decode(text);
    return true;
  } catch (error) {
    return error instanceof UnreadableValueError;
  }
}

function mistakesOf(types: readonly StorableType[]): ConfigurationError['mistakes'] {
  try {
    jsonCodec({ types });
    return [];
  } catch (error) {
    return (error as ConfigurationError).mistakes;
  }
}
