import {
  chainResult,
  combineResults,
  Failure,
  isFailure,
  isSuccess,
  mapError,
  mapResult,
  matchResult,
  safeAsync,
  safeSync,
  Success,
  unwrapOr,
  unwrapResult,
  type Result,
} from '../../../lib/model/result.js';

const good = answer(2);
const bad = answer(200);
const half = (n: number): Result<number> =>
  n % 2 === 0 ? Success(n / 2) : Failure(new TypeError(`${n} is odd`));

test('a success and a failure are plain data, told apart by success', () => {
  expect([good, Success(), Failure('no')]).toEqual([
    { success: true, value: 2 },
    { success: true, value: undefined },
    { success: false, error: 'no' },
  ]);
  expect([isSuccess(good), isFailure(good), isSuccess(bad), isFailure(bad)]).toEqual([
    true,
    false,
    false,
    true,
  ]);
});

test('helpers go on with what fits and leave the other as it is', () => {
  expect(mapResult(good, (n) => n + 1)).toEqual(Success(3));
  expect(mapResult(bad, (n) => n + 1)).toEqual(bad);
  expect(mapError(bad, (error) => error.message)).toEqual(Failure('too far'));
  expect(mapError(good, (error) => error.message)).toEqual(good);
  expect(chainResult(good, half)).toEqual(Success(1));
  expect(chainResult(chainResult(good, half), half)).toEqual(Failure(new TypeError('1 is odd')));
  expect(chainResult(bad, half)).toEqual(bad);
  const told = { success: (n: number) => `got ${n}`, failure: (error: Error) => error.message };
  expect([matchResult(good, told), matchResult(bad, told)]).toEqual(['got 2', 'too far']);
});

test('unwrapping gives the value, or throws the very error', () => {
  expect(unwrapResult(good)).toBe(2);
  expect(() => unwrapResult(bad)).toThrow(bad.success ? '' : bad.error);
  expect([unwrapOr(good, 7), unwrapOr(bad, 7)]).toEqual([2, 7]);
});

test('combined results are all values in order, or the first failure', () => {
  expect(combineResults([good, Success('a')])).toEqual(Success([2, 'a']));
  expect(combineResults([good, bad, Failure('later')])).toEqual(bad);
  expect(combineResults([])).toEqual(Success([]));
});

test('what a function throws becomes a failure, an error whatever it was', async () => {
  expect(safeSync(() => 1)).toEqual(Success(1));
  expect(await safeAsync(async () => 1)).toEqual(Success(1));
  const error = new RangeError('x');
  expect(
    safeSync(() => {
      throw error;
    }),
  ).toEqual({ success: false, error });
  expect(await safeAsync(() => Promise.reject(error))).toEqual({ success: false, error });
  const odd = await safeAsync(() => {
    throw 'text';
  });
  expect(odd).toMatchObject({ success: false, error: { message: 'text', cause: 'text' } });
});

function answer(n: number): Result<number> {
  return n < 100 ? Success(n) : Failure(new RangeError('too far'));
}
