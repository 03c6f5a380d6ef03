import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { jsonCodec } from '../../../../lib/adapters/codec/json-codec.js';
import { DefinitionError } from '../../../../lib/model/errors-boot.js';
import { InvalidEventError } from '../../../../lib/model/errors-event.js';
import { WorkerError } from '../../../../lib/model/errors-app.js';
import { ParkedError, TimeoutError } from '../../../../lib/model/errors-execution.js';
import { NonRetryableError, RetryAfterError, StepError } from '../../../../lib/model/errors-step.js';
import { UnreadableValueError } from '../../../../lib/model/errors-value.js';
import { StoreUnavailableError } from '../../../../lib/model/errors-store.js';

class CardDeclined extends Error {
  override readonly name = 'CardDeclined';
  readonly isNonRetryable = true;
  constructor(
    readonly code: string,
    readonly amount: bigint,
    options?: ErrorOptions,
  ) {
    super(`card declined: ${code}`, options);
  }
}

class OutOfStock extends NonRetryableError {}

class Hooked extends Error {
  static toStored(error: Hooked): unknown {
    return error.message;
  }
  static fromStored(message: string): Hooked {
    return new Hooked(message);
  }
}

const codec = jsonCodec({ types: [CardDeclined, Hooked] });
const without = jsonCodec();
const through = (thrown: unknown, by = codec): unknown => by.decodeFailure(by.encodeFailure(thrown));

describe('a failure comes back', () => {
  it('as its registered class, with fields, cause and stack', () => {
    const error = new CardDeclined('insufficient', 5n, { cause: new RangeError('limit') });
    const back = through(error) as CardDeclined;
    expect(back).toBeInstanceOf(CardDeclined);
    expect(back).toMatchObject({
      code: 'insufficient',
      amount: 5n,
      isNonRetryable: true,
      message: error.message,
    });
    expect(back.stack).toBe(error.stack);
    expect(back.cause).toBeInstanceOf(RangeError);
    expect((back.cause as Error).stack).toBe((error.cause as Error).stack);
  });

  it('as StepError where its class is not registered, also any more', () => {
    const error = new CardDeclined('insufficient', 5n);
    for (const back of [
      through(error, without),
      without.decodeFailure(codec.encodeFailure(error)),
    ] as StepError[]) {
      expect(back).toBeInstanceOf(StepError);
      expect(back).toMatchObject({
        name: 'CardDeclined',
        originalCode: 'insufficient',
        retryable: false,
        amount: 5n,
        message: error.message,
        code: 'STEP_FAILED',
      });
      expect(back.stack).toBe(error.stack);
    }
  });

  it.each([new Error('a'), new TypeError('b'), new EvalError('c'), new URIError('')])(
    'as the built-in class: %p',
    (error) => {
      const back = through(error) as Error;
      expect(Object.getPrototypeOf(back)).toBe(Object.getPrototypeOf(error));
      expect(back.message).toBe(error.message);
      expect(back.stack).toBe(error.stack);
      expect(Object.keys(back)).toEqual([]);
    },
  );

  it.each([
    new NonRetryableError('no', new Error('why')),
    new RetryAfterError('later', 5_000),
    new TimeoutError('step a', 10),
    new ParkedError('e1'),
    new InvalidEventError('order.placed', [{ path: 'a.0', message: 'bad' }]),
    new StoreUnavailableError('down'),
    new DefinitionError([{ class: 'A', member: null, found: 'x', write: 'y' }]),
    new StepError({ name: 'X', message: 'm', code: 'C', stack: 's', retryable: false }),
  ])('as the error of Holdfast: %p', (error) => {
    const back = through(error) as typeof error;
    expect(Object.getPrototypeOf(back)).toBe(Object.getPrototypeOf(error));
    expect(back).toMatchObject(Object.fromEntries(Object.entries(error)));
    expect(back).toMatchObject({
      name: error.name,
      message: error.message,
      code: error.code,
      retryable: error.retryable,
      stack: error.stack,
    });
    expect(back).toBeInstanceOf(error.constructor);
  });

  it('with each error of a WorkerError, those of unregistered classes too', () => {
    class Odd extends Error {}
    const back = through(
      new WorkerError([new TypeError('1'), new Odd('2'), 'three', { circular: globalThis }]),
    ) as WorkerError;
    expect(back).toBeInstanceOf(WorkerError);
    expect(back.errors).toHaveLength(3);
    expect(back.errors[0]).toBeInstanceOf(TypeError);
    expect(back.errors[1]).toMatchObject({ name: 'Odd', message: '2' });
    expect(back.errors[2]).toBe('three');
  });

  it('as StepError named by its class for a subclass of ours', () => {
    const back = through(new OutOfStock('none left')) as StepError;
    expect(back).toMatchObject({ name: 'OutOfStock', retryable: false, originalCode: 'NON_RETRYABLE' });
    expect(back).toBeInstanceOf(StepError);
  });

  it('by the hooks of its class', () => {
    expect(through(new Hooked('h'))).toBeInstanceOf(Hooked);
  });

  it('with codes of the system and numbers as codes', () => {
    const system = Object.assign(new Error('ENOENT: no such file'), { code: 'ENOENT', errno: -2 });
    expect(through(system)).toMatchObject({ code: 'ENOENT', errno: -2 });
    class Grpc extends Error {
      code = 14;
    }
    expect(through(new Grpc('down'))).toMatchObject({ name: 'Grpc', originalCode: '14' });
    const abort = through(new DOMException('stopped', 'AbortError')) as StepError;
    expect(abort).toMatchObject({ name: 'AbortError', message: 'stopped' });
  });

  it('from another realm as the class of this one', () => {
    expect(through(runInNewContext('new RangeError("far")'))).toBeInstanceOf(RangeError);
  });

  it.each([
    ['boom'],
    [undefined],
    [null],
    [5n],
    [Number.NaN],
    [{ reason: new Date(0) }],
    [new Map([[1, 2]])],
  ])('as the thrown value when it is no error: %p', (thrown) => {
    expect(through(thrown)).toStrictEqual(thrown);
  });

  it('with an overridden name', () => {
    const hidden = new Error('x');
    Object.defineProperty(hidden, 'name', { value: 'Hidden' });
    expect((through(hidden) as Error).name).toBe('Hidden');
    expect((through(Object.assign(new Error('x'), { name: 'Shown' })) as Error).name).toBe('Shown');
  });
});

describe('a failure that cannot be kept whole', () => {
  it('loses only the fields that cannot be stored', () => {
    const error = Object.assign(new CardDeclined('x', 1n), {
      request: () => 1,
      socket: new WeakMap(),
      kept: { a: [1] },
    });
    Object.defineProperty(error, 'trap', {
      enumerable: true,
      get() {
        throw new Error('no');
      },
    });
    const back = through(error) as typeof error;
    expect(back.kept).toEqual({ a: [1] });
    expect('request' in back || 'socket' in back || 'trap' in back).toBe(false);
  });

  it('is cut: stack and message to 8 KiB, causes to 8, fields to what fits', () => {
    let error = new Error('end');
    for (let i = 0; i < 100; i++) error = new Error(`${i}`, { cause: error });
    error.message = 'm'.repeat(100_000);
    error.stack = 's'.repeat(100_000);
    Object.assign(error, { huge: 'x'.repeat(1_000_000), small: 1 });
    const text = codec.encodeFailure(error);
    const back = codec.decodeFailure(text) as Error & { small: number };
    expect(text.length).toBeLessThan(150_000);
    expect(back.message).toHaveLength(8_192);
    expect(back.stack).toHaveLength(8_192);
    expect(back.small).toBe(1);
    let causes = 0;
    for (let e: unknown = back.cause; e instanceof Error; e = e.cause) causes++;
    expect(causes).toBe(7);
  });

  it('ends at a cycle of causes', () => {
    const a = new Error('a');
    const b = new Error('b', { cause: a });
    a.cause = b;
    const back = through(a) as Error;
    expect((back.cause as Error).message).toBe('b');
    expect((back.cause as Error).cause).toBeUndefined();
  });

  const cyclic: { self?: unknown } = {};
  cyclic.self = cyclic;
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const everyTrap = new Proxy(new Error('p'), {
    get() {
      throw new Error('trap');
    },
    ownKeys() {
      throw new Error('trap');
    },
    getPrototypeOf() {
      throw new Error('trap');
    },
  });
  const throwing = new Error('x');
  for (const key of ['stack', 'name', 'message', 'cause', 'errors', 'code', 'retryable']) {
    Object.defineProperty(throwing, key, {
      get() {
        throw new Error('getter');
      },
      enumerable: true,
    });
  }
  it.each<[string, unknown]>([
    ['a cyclic object', cyclic],
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['a revoked proxy', proxy],
    ['a proxy that always throws', everyTrap],
    ['an error whose getters throw', throwing],
    ['a huge string', 'x'.repeat(1_000_000)],
    ['a huge array', Array.from({ length: 200_000 }, () => ({}))],
    ['an error without a prototype', Object.setPrototypeOf(new Error('bare'), null)],
    ['a promise', Promise.resolve()],
    [
      'an error with odd parts',
      Object.assign(new Error(), { name: 5, message: { a: 1 }, stack: 7, code: {} }),
    ],
    ['an error with a symbol as message', Object.assign(new Error(), { message: Symbol('m') })],
  ])('%s still gives an error', (_, thrown) => {
    const text = codec.encodeFailure(thrown);
    expect(text.length).toBeLessThan(64_000);
    expect(codec.decodeFailure(text)).toBeInstanceOf(Error);
  });

  it('whatever is thrown, writing never throws and reading gives something', () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withMap: true, withSparseArray: true, withNullPrototype: true }),
        fc.dictionary(fc.string(), fc.anything()),
        (thrown, fields) => {
          codec.decodeFailure(codec.encodeFailure(thrown));
          const error = new Error('x', { cause: thrown });
          for (const key of Object.keys(fields))
            Object.defineProperty(error, key, { value: fields[key], enumerable: true, configurable: true });
          expect(codec.decodeFailure(codec.encodeFailure(error))).toBeInstanceOf(Error);
        },
      ),
      { numRuns: 500 },
    );
  });
});

it('text that no codec wrote is unreadable', () => {
  expect(() => codec.decodeFailure('~{"$":["error",1]}')).toThrow(UnreadableValueError);
  expect(() => codec.decodeFailure('nonsense')).toThrow(UnreadableValueError);
});
