import { holdfastErrors } from '../../../lib/adapters/codec/holdfast-errors.js';
import { jsonCodec } from '../../../lib/adapters/codec/json-codec.js';
import { errorJson } from '../../../lib/model/error-json.js';
import { errorKindOf } from '../../../lib/model/error-kinds.js';
import { HoldfastError } from '../../../lib/model/errors.js';
import { WorkerError } from '../../../lib/model/errors-app.js';
import { InvalidEventError } from '../../../lib/model/errors-event.js';
import { CancelledError, ParkedError, TimeoutError } from '../../../lib/model/errors-execution.js';
import {
  CompensationError,
  DeclaredStepCalledError,
  NoRouteError,
  TooManyItemsError,
} from '../../../lib/model/errors-graph.js';
import { NonRetryableError, RetryAfterError, StepError } from '../../../lib/model/errors-step.js';

class CardDeclined extends NonRetryableError {
  override readonly code = 'CARD_DECLINED';
  override readonly severity = 'low';
  readonly limit = 5n;
}

class Throttled extends RetryAfterError {
  override readonly code = 'THROTTLED';
}

const codec = jsonCodec({ types: [CardDeclined] });
const through = (error: unknown, by = codec): HoldfastError =>
  by.decodeFailure(by.encodeFailure(error)) as HoldfastError;

describe('an error says', () => {
  it('what it is about, who has to look, and whether it helps to try again', () => {
    expect(new TimeoutError('step x', 5)).toMatchObject({
      code: 'TIMEOUT',
      category: 'timeout',
      severity: 'medium',
      retryable: true,
    });
    expect(new CancelledError('e')).toMatchObject({
      category: 'execution',
      severity: 'low',
      retryable: false,
    });
  });

  it('the same after it was stored, of every class', () => {
    const errors: readonly HoldfastError[] = [
      new ParkedError('e', new NoRouteError('route', ['a', 'b'])),
      new InvalidEventError('order.placed', [{ path: 'total', message: 'must be positive' }]),
      new RetryAfterError('later', '5s'),
      new CompensationError('charge', 'refund', new Error('gone')),
      new TooManyItemsError('import', 5_001, 5_000),
      new DeclaredStepCalledError('orders', 'confirm'),
    ];
    for (const error of errors) {
      const stored = through(error);
      expect(stored).toBeInstanceOf(error.constructor);
      expect(stored.toJSON()).toEqual(error.toJSON());
      expect(errorKindOf(error.code)).toEqual({ category: stored.category, severity: stored.severity });
    }
  });

  it('in a class of the user its own code, severity and name, also after it was stored', () => {
    for (const error of [new CardDeclined('no funds'), through(new CardDeclined('no funds'))]) {
      expect(error).toBeInstanceOf(CardDeclined);
      expect(error).toBeInstanceOf(NonRetryableError);
      expect(error.toJSON()).toEqual({
        name: 'CardDeclined',
        message: 'no funds',
        code: 'CARD_DECLINED',
        category: 'business',
        severity: 'low',
        retryable: false,
        details: { limit: '5' },
      });
    }
  });

  it('its severity also where its class is not registered', () => {
    expect(through(new CardDeclined('no funds'), jsonCodec())).toMatchObject({
      code: 'STEP_FAILED',
      originalCode: 'CARD_DECLINED',
      name: 'CardDeclined',
      category: 'business',
      severity: 'low',
      retryable: false,
    });
  });

  it('its delay under a code of its own', () => {
    expect(new Throttled('later', '5s')).toMatchObject({
      name: 'Throttled',
      code: 'THROTTLED',
      delayMs: 5_000,
    });
  });

  it('its severity where a compiler assigns fields instead of defining them', () => {
    const error = new NonRetryableError('x');
    (error as { severity: string }).severity = 'critical';
    expect(error.severity).toBe('critical');
    expect(new NonRetryableError('y').severity).toBe('medium');
  });
});

it('no route after a join says what to write after all that it joins', () => {
  expect(new NoRouteError('reserve, charge', ['ship']).message).toContain(
    "@Step({ after: ['reserve', 'charge'], when: 'otherwise' })",
  );
  expect(new NoRouteError('charge', ['ship']).message).toContain(
    "@Step({ after: 'charge', when: 'otherwise' })",
  );
});

describe('as data, an error', () => {
  it('is what JSON.stringify writes: no stack, its fields as details', () => {
    const error = new InvalidEventError('order.placed', [{ path: 'total', message: 'must be positive' }]);
    expect(JSON.parse(JSON.stringify({ error }))).toEqual({
      error: {
        name: 'InvalidEventError',
        message: error.message,
        code: 'EVENT_INVALID',
        category: 'validation',
        severity: 'medium',
        retryable: false,
        details: { event: 'order.placed', violations: [{ path: 'total', message: 'must be positive' }] },
      },
    });
  });

  it('holds its causes, four deep', () => {
    let error: Error = new RangeError('0');
    for (let i = 1; i < 10; i++) error = new NonRetryableError(String(i), { cause: error });
    const messages: string[] = [];
    for (
      let at = errorJson(error) as ReturnType<typeof errorJson> | undefined;
      at !== undefined;
      at = at.cause
    )
      messages.push(at.message);
    expect(messages).toEqual(['9', '8', '7', '6']);
  });

  it('holds the errors that it gathers', () => {
    const json = new WorkerError([new TypeError('a'), 'b']).toJSON();
    expect(json.errors).toMatchObject([
      { name: 'TypeError', message: 'a', code: null, retryable: true },
      { name: 'NonError', message: 'b' },
    ]);
  });

  it('tells of a cause that is no error, and of one that lies about its kind', () => {
    expect(new NonRetryableError('x', { cause: 'plain text' }).toJSON().cause).toMatchObject({
      name: 'NonError',
      message: 'plain text',
      category: 'business',
    });
    const postgres = Object.assign(new Error('relation is missing'), { severity: 'ERROR', code: '42P01' });
    expect(errorJson(postgres)).toMatchObject({ code: '42P01', severity: 'medium' });
  });

  it.each<[string, unknown]>([
    ['an endless chain', endless()],
    ['a proxy that throws', new Proxy(new Error('x'), { get: fail, ownKeys: fail, getPrototypeOf: fail })],
    ['a revoked proxy', revoked()],
    ['getters that throw', Object.defineProperty(new Error('x'), 'message', { get: fail })],
    ['a symbol', Symbol('s')],
    ['an object that refuses to be text', { toString: fail, message: { toString: fail } }],
    ['a huge field', Object.assign(new Error('x'), { body: 'x'.repeat(1e7), rows: Array(1e6).fill('row') })],
    ['fields that refer to each other', circular()],
    ['errors that gather each other', crowd(5)],
    [
      'a key that changes prototypes',
      Object.defineProperty(new Error('x'), '__proto__', { value: 1, enumerable: true }),
    ],
  ])('is short and safe with %s', (_, cause) => {
    const text = JSON.stringify(new NonRetryableError('outer', { cause }));
    expect(text.length).toBeLessThan(150_000);
    expect(JSON.parse(text)).toMatchObject({
      name: 'NonRetryableError',
      cause: { name: expect.any(String) },
    });
  });
});

test('every class of error has a kind by its code, and its name', () => {
  for (const [code, leaf] of holdfastErrors) {
    expect(leaf.name).toMatch(/Error$/);
    expect(typeof errorKindOf(code).severity).toBe('string');
  }
  expect(new StepError({ name: 'X', message: 'm', code: null, stack: null, retryable: true }).category).toBe(
    'business',
  );
});

function fail(): never {
  throw new Error('not readable');
}

function endless(): Error {
  const error = new Error('round');
  error.cause = error;
  return error;
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function circular(): Error {
  const fields: Record<string, unknown> = {};
  fields['self'] = { fields };
  return Object.assign(new Error('x'), { fields });
}

function crowd(depth: number): AggregateError {
  const errors = Array.from({ length: 16 }, () => (depth === 0 ? new Error('leaf') : null));
  if (depth === 0) return new AggregateError(errors, 'leaves');
  const inner = crowd(depth - 1);
  return new AggregateError(Array(16).fill(inner), 'x'.repeat(20));
}
